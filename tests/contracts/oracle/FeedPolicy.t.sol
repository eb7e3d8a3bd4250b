// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {FeedTest} from "./FeedTest.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @dev Invariant 44: what a policy must be. Each test breaks one field of a sound one.
contract FeedPolicy is FeedTest {
    bytes32 private constant ZINC = keccak256("Price zinc USD/TNE");
    IFeedOracle.Rules private _bad;
    IFeedOracle.Terms private _meaning;

    function setUp() public override {
        super.setUp();
        (_bad, _meaning) = (_priceRules(), _priceTerms());
    }

    function test_only_the_governor_sets_policies_and_the_keeper() public {
        vm.startPrank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        feeds.setPolicy(ZINC, _bad, _meaning);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        feeds.setKeeper(address(this));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        feeds.closeBand(COPPER);
    }

    function test_no_band_is_closed_that_there_is_not() public {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.FeedPolicyUnknown.selector, ZINC));
        feeds.closeBand(ZINC);
    }

    function test_a_closed_band_stops_a_feed_until_its_policy_is_set_again() public {
        _feed(COPPER, COPPER_PRICE);
        feeds.closeBand(COPPER);
        (IFeedOracle.Status status, int256 value,) = feeds.latest(COPPER);
        assertEq(uint8(status), uint8(IFeedOracle.Status.Missing));
        assertEq(value, 0);
        vm.warp(block.timestamp + 1);
        assertFalse(feeds.report(_agreed(COPPER, COPPER_PRICE, 3)));

        IFeedOracle.Rules memory rules = _priceRules();
        rules.version = 2;
        feeds.setPolicy(COPPER, rules, _priceTerms());
        (status, value,) = feeds.latest(COPPER);
        assertEq(uint8(status), uint8(IFeedOracle.Status.Usable));
        assertEq(value, COPPER_PRICE);
        assertTrue(feeds.report(_agreed(COPPER, COPPER_PRICE, 3)));
    }

    function test_closing_the_band_of_a_condition_stops_all_of_its_kind() public {
        _feed(TEMPERATURE, COLD);
        feeds.closeBand(TEMPERATURE);
        (IFeedOracle.Status status,,) = feeds.condition(IFeedOracle.Kind.Temperature, SHIPMENT);
        assertEq(uint8(status), uint8(IFeedOracle.Status.Missing));
    }

    function test_a_keeper_without_code() public {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.KeeperHasNoCode.selector, acme.account));
        feeds.setKeeper(acme.account);
    }

    function test_ids() public {
        _flawed(bytes32(0), IFeedOracle.Flaw.Id);
        _flawed(bytes32(uint256(255)), IFeedOracle.Flaw.Id);
        _bad.kind = IFeedOracle.Kind.None;
        _flawed(ZINC, IFeedOracle.Flaw.Id);
        (_bad, _meaning) = (_rateRules(), _rateTerms());
        _flawed(ZINC, IFeedOracle.Flaw.Id);
        (_bad, _meaning) = (_temperatureRules(), _temperatureTerms());
        _flawed(bytes32(uint256(IFeedOracle.Kind.Door)), IFeedOracle.Flaw.Id);
    }

    /// @dev f > 0, 3f < n, and those that are not at fault can still make a value.
    function testFuzz_quorums(uint8 threshold, uint8 organisations) public {
        threshold = uint8(bound(threshold, 0, 12));
        organisations = uint8(bound(organisations, 0, 12));
        (_bad.threshold, _bad.organisations) = (threshold, organisations);
        bool sound = false;
        // Counted up: some number of faulty ones that the threshold outvotes and survives.
        for (uint256 f = 1; f < 5; ++f) {
            bool outvotes = threshold == 2 * f + 1 || threshold == 2 * f + 2;
            if (outvotes && 3 * f < organisations && threshold <= organisations - f && organisations < 11) {
                sound = true;
            }
        }
        if (!sound) _flawed(ZINC, IFeedOracle.Flaw.Quorum);
        else feeds.setPolicy(ZINC, _bad, _meaning);
    }

    function test_quorums_that_stand() public {
        uint8[2][3] memory pairs = [[3, 4], [5, 7], [7, 10]];
        for (uint256 i = 0; i < 3; ++i) {
            (_bad.threshold, _bad.organisations) = (pairs[i][0], pairs[i][1]);
            feeds.setPolicy(keccak256(abi.encode(i)), _bad, _meaning);
            --_bad.organisations;
            _flawed(ZINC, IFeedOracle.Flaw.Quorum);
        }
    }

    function test_roles() public {
        _bad.eligibleRoles = 0;
        _flawed(ZINC, IFeedOracle.Flaw.Quorum);
        _bad.eligibleRoles = uint8(Roles.SENSOR);
        _bad.requiredRoles = uint8(Roles.CARRIER);
        _flawed(ZINC, IFeedOracle.Flaw.Quorum);
    }

    function test_times() public {
        _bad.maxAgeSeconds = 0;
        _flawed(ZINC, IFeedOracle.Flaw.Times);
        _bad.maxAgeSeconds = STALE_AFTER + 1;
        _flawed(ZINC, IFeedOracle.Flaw.Times);
        (_bad.maxAgeSeconds, _bad.heartbeatSeconds) = (1 hours, 0);
        _flawed(ZINC, IFeedOracle.Flaw.Times);
        _bad.heartbeatSeconds = uint24(STALE_AFTER + 1);
        _flawed(ZINC, IFeedOracle.Flaw.Times);
        (_bad.heartbeatSeconds, _bad.clockSkewSeconds) = (1 hours, 1 days + 1);
        _flawed(ZINC, IFeedOracle.Flaw.Times);
    }

    function test_units_of_prices() public {
        _meaning.base = 0;
        _flawed(ZINC, IFeedOracle.Flaw.Units);
        (_meaning.base, _meaning.quote) = ("TNE", "us$");
        _flawed(ZINC, IFeedOracle.Flaw.Units);
        (_meaning.quote, _bad.decimals) = ("USD", 19);
        _flawed(ZINC, IFeedOracle.Flaw.Units);
        (_bad.decimals, _meaning.baseDigits) = (2, 19);
        _flawed(ZINC, IFeedOracle.Flaw.Units);
        (_meaning.baseDigits, _meaning.quoteDigits) = (3, 19);
        _flawed(ZINC, IFeedOracle.Flaw.Units);
    }

    function test_units_of_rates() public {
        (_bad, _meaning) = (_rateRules(), _rateTerms());
        (_meaning.base, _meaning.quote) = ("EUR", "EUR");
        _flawed(feeds.rateFeedOf("EUR", "EUR"), IFeedOracle.Flaw.Units);
        _meaning.base = "eur";
        _flawed(feeds.rateFeedOf("eur", "EUR"), IFeedOracle.Flaw.Units);
    }

    function test_units_of_conditions() public {
        (_bad, _meaning) = (_temperatureRules(), _temperatureTerms());
        _bad.version = 2;
        _bad.decimals = 2;
        _flawed(TEMPERATURE, IFeedOracle.Flaw.Units);
        (_bad.decimals, _meaning.quote) = (3, "EUR");
        _flawed(TEMPERATURE, IFeedOracle.Flaw.Units);
        (_bad.kind, _bad.version, _meaning.quote) = (IFeedOracle.Kind.Door, 1, 0);
        _flawed(bytes32(uint256(IFeedOracle.Kind.Door)), IFeedOracle.Flaw.Units);
    }

    function test_bands() public {
        _meaning.least = 0;
        _flawed(ZINC, IFeedOracle.Flaw.Band);
        _meaning.least = _meaning.greatest;
        _flawed(ZINC, IFeedOracle.Flaw.Band);
        (_meaning.least, _bad.mostMove) = (1, 0);
        _flawed(ZINC, IFeedOracle.Flaw.Band);
        (_bad.mostMove, _bad.mostSpread) = (1, 10_000);
        _flawed(ZINC, IFeedOracle.Flaw.Band);
        (_bad.mostSpread, _meaning.haircutBps) = (0, 1);
        _flawed(ZINC, IFeedOracle.Flaw.Band);
        (_bad, _meaning) = (_rateRules(), _rateTerms());
        (_meaning.haircutBps, _bad.version) = (10_000, 2);
        _flawed(euroRate, IFeedOracle.Flaw.Band);
        (_bad, _meaning) = (_temperatureRules(), _temperatureTerms());
        (_meaning.greatest, _bad.version) = (int88(type(int32).max) + 1, 2);
        _flawed(TEMPERATURE, IFeedOracle.Flaw.Band);
    }

    function test_versions_go_up_by_one() public {
        _bad.version = 0;
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.VersionNotNext.selector, ZINC, 0, 1));
        feeds.setPolicy(ZINC, _bad, _meaning);
        _bad.version = 1;
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.VersionNotNext.selector, COPPER, 1, 2));
        feeds.setPolicy(COPPER, _bad, _meaning);
    }

    function test_the_meaning_of_values_is_fixed() public {
        _bad.version = 2;
        IFeedOracle.Rules memory rules = _bad;
        IFeedOracle.Terms memory terms = _meaning;
        rules.decimals = 3;
        _fixed(rules, _meaning);
        terms.base = "KGM";
        _fixed(_bad, terms);
        (terms.base, terms.quote) = ("TNE", "EUR");
        _fixed(_bad, terms);
        (terms.quote, terms.baseDigits) = ("USD", 0);
        _fixed(_bad, terms);
        (terms.baseDigits, terms.quoteDigits) = (3, 0);
        _fixed(_bad, terms);
    }

    function test_a_pair_has_one_rate() public {
        IFeedOracle.Terms memory terms = _rateTerms();
        (terms.base, terms.quote) = ("USD", "EUR");
        bytes32 inverse = feeds.rateFeedOf("USD", "EUR");
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.InverseRateExists.selector, bytes3("USD"), bytes3("EUR")));
        feeds.setPolicy(inverse, _rateRules(), terms);
    }

    function test_a_policy_is_kept_field_by_field() public {
        (_bad.version, _bad.mostSpread, _bad.mostMove, _bad.organisations) = (2, 11, 22, 9);
        (_bad.staleAfterSeconds, _bad.maxAgeSeconds, _bad.clockSkewSeconds, _bad.heartbeatSeconds) = (99, 77, 55, 33);
        (_bad.requiredRoles, _bad.threshold) = (uint8(Roles.SENSOR), 4);
        (_meaning.least, _meaning.greatest) = (123, type(int88).max);
        vm.expectEmit(address(feeds));
        emit IFeedOracle.FeedPolicySet(COPPER, _bad, _meaning);
        feeds.setPolicy(COPPER, _bad, _meaning);
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(COPPER);
        assertEq(abi.encode(rules, terms), abi.encode(_bad, _meaning));
    }

    function _flawed(bytes32 id, IFeedOracle.Flaw flaw) private {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.FeedPolicyInvalid.selector, id, flaw));
        feeds.setPolicy(id, _bad, _meaning);
    }

    function _fixed(IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) private {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.FeedMeaningFixed.selector, COPPER));
        feeds.setPolicy(COPPER, rules, terms);
    }
}
