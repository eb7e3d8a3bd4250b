// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {Medians} from "../../../contracts/oracle/Medians.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {FeedTest} from "./FeedTest.t.sol";

/// @dev Invariants 40, 42, 43, 44, 45, 49 and 52: what makes a value, and all that does not.
contract FeedReport is FeedTest {
    // Refusals: a report

    function test_a_feed_that_nobody_set() public {
        _refused(_agreed("zinc", 1, 3), IFeedOracle.Refusal.FeedUnknown);
        _refused(_agreed(bytes32(uint256(IFeedOracle.Kind.Door)), 1, 3), IFeedOracle.Refusal.FeedUnknown);
    }

    function test_a_price_of_a_consignment() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        its.subject = SHIPMENT;
        _refused(its, IFeedOracle.Refusal.SubjectUnknown);
    }

    function test_the_condition_of_an_unopened_consignment() public {
        IFeedOracle.Report memory its = _agreed(TEMPERATURE, COLD, 3);
        its.subject = keccak256("unopened");
        _refused(its, IFeedOracle.Refusal.SubjectUnknown);
    }

    function test_a_round_counts_once_and_none_is_left_out() public {
        IFeedOracle.Report memory old = _agreed(COPPER, COPPER_PRICE, 3);
        assertTrue(feeds.report(old));
        vm.warp(block.timestamp + 1);
        _refused(old, IFeedOracle.Refusal.RoundNotNext);
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        its.round = 3;
        _refused(its, IFeedOracle.Refusal.RoundNotNext);
        its.round = type(uint64).max;
        _refused(its, IFeedOracle.Refusal.RoundNotNext);
    }

    function test_no_readings_and_too_many() public {
        _refused(_next(COPPER, 0), IFeedOracle.Refusal.ReadingsOutOfRange);
        _refused(_next(COPPER, 11), IFeedOracle.Refusal.ReadingsOutOfRange);
    }

    function test_fewer_than_the_threshold() public {
        _refused(_agreed(COPPER, COPPER_PRICE, 2), IFeedOracle.Refusal.QuorumNotReached);
    }

    function test_enough_without_the_required_role() public {
        IFeedOracle.Report memory its = _next(TEMPERATURE, 3);
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, nodes[i + 1], COLD, block.timestamp);
        }
        _refused(its, IFeedOracle.Refusal.RoleMissing);
    }

    function test_a_median_of_zero_or_beyond_the_band() public {
        _refused(_agreed(COPPER, 0, 3), IFeedOracle.Refusal.ValueOutOfBand);
        _refused(_agreed(COPPER, -COPPER_PRICE, 3), IFeedOracle.Refusal.ValueOutOfBand);
        IFeedOracle.Terms memory terms = _priceTerms();
        _refused(_agreed(COPPER, terms.least - 1, 3), IFeedOracle.Refusal.ValueOutOfBand);
        _refused(_agreed(COPPER, terms.greatest + 1, 3), IFeedOracle.Refusal.ValueOutOfBand);
        _feed(COPPER, terms.greatest);
    }

    /// @dev Two per cent of the median; conditions in their own unit.
    function test_readings_that_lie_too_far_apart() public {
        int256 most = COPPER_PRICE / 50;
        _refused(
            _reportOf(COPPER, _three(COPPER_PRICE + most + 1, COPPER_PRICE, COPPER_PRICE)),
            IFeedOracle.Refusal.SpreadTooWide
        );
        assertTrue(feeds.report(_reportOf(COPPER, _three(COPPER_PRICE + most, COPPER_PRICE, COPPER_PRICE))));
        _refused(_reportOf(TEMPERATURE, _three(COLD, COLD + 2001, COLD)), IFeedOracle.Refusal.SpreadTooWide);
        assertTrue(feeds.report(_reportOf(TEMPERATURE, _three(COLD, COLD + 2000, COLD))));
    }

    /// @dev A tenth of the last value either way, thirty degrees; while the last is not stale.
    function test_a_value_too_far_from_the_last() public {
        _feed(COPPER, COPPER_PRICE);
        _feed(TEMPERATURE, COLD);
        vm.warp(block.timestamp + 1 hours);
        int256 most = COPPER_PRICE / 10;
        _refused(_agreed(COPPER, COPPER_PRICE - most - 1, 3), IFeedOracle.Refusal.MoveTooGreat);
        _refused(_agreed(COPPER, COPPER_PRICE + most + 1, 3), IFeedOracle.Refusal.MoveTooGreat);
        _refused(_agreed(TEMPERATURE, COLD + 30_001, 3), IFeedOracle.Refusal.MoveTooGreat);
        _feed(COPPER, COPPER_PRICE - most);
        _feed(TEMPERATURE, COLD + 30_000);
    }

    /// @dev It recovers without an operator: a value that has gone stale holds nothing back.
    function test_after_a_silence_the_value_may_jump() public {
        _feed(COPPER, COPPER_PRICE);
        vm.warp(block.timestamp + STALE_AFTER);
        _refused(_agreed(COPPER, COPPER_PRICE / 2, 3), IFeedOracle.Refusal.MoveTooGreat);
        vm.warp(block.timestamp + 1);
        _feed(COPPER, COPPER_PRICE / 2);
    }

    function test_a_changed_policy_voids_what_was_signed_before() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        IFeedOracle.Rules memory rules = _priceRules();
        rules.version = 2;
        feeds.setPolicy(COPPER, rules, _priceTerms());
        _oneRefused(its, IFeedOracle.Refusal.SignatureInvalid);
        _feed(COPPER, COPPER_PRICE);
    }

    // Refusals: a reading

    function test_a_stranger() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2].signer = address(0xDEAD);
        _oneRefused(its, IFeedOracle.Refusal.SignerNotAdmitted);
    }

    function test_one_that_may_no_longer_act() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        registry.suspendOrganisation(nodes[2].lei);
        _oneRefused(its, IFeedOracle.Refusal.SignerNotAdmitted);
    }

    function test_one_without_a_role_that_may_report() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2] = _reading(its, borealis, COPPER_PRICE, block.timestamp);
        _oneRefused(its, IFeedOracle.Refusal.RoleNotEligible);
    }

    /// @dev Of the price it may report.
    function test_an_affiliate_of_the_beneficiary() public {
        Party memory affiliate = _admitIn("ACMESENSORS", acme.lei, Roles.SENSOR);
        IFeedOracle.Report memory its = _agreed(TEMPERATURE, COLD, 3);
        its.readings[2] = _reading(its, affiliate, COLD, block.timestamp);
        _oneRefused(its, IFeedOracle.Refusal.AffiliateOfBeneficiary);
        _feed(TEMPERATURE, COLD);
        vm.warp(block.timestamp + 1);
        its = _agreed(TEMPERATURE, COLD, 3);
        its.readings[2] = _reading(its, affiliate, COLD, block.timestamp);
        _oneRefused(its, IFeedOracle.Refusal.AffiliateOfBeneficiary);
        its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2] = _reading(its, affiliate, COPPER_PRICE, block.timestamp);
        assertTrue(feeds.report(its));
    }

    function test_a_second_key_of_one_organisation() public {
        Party memory second = nodes[0];
        (second.account, second.key) = makeAddrAndKey("second key");
        registry.admitAccount(second.lei, second.account);
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2] = _reading(its, second, COPPER_PRICE, block.timestamp);
        _oneRefused(its, IFeedOracle.Refusal.AlreadyCounted);
    }

    /// @dev Four organisations report copper: of more, the quorum would not stand for them.
    function test_more_organisations_than_the_policy_stands_for() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 5);
        _expectReadingRefused(COPPER, nodes[4].account, IFeedOracle.Refusal.SeatsTaken);
        assertTrue(feeds.report(its));
    }

    function test_readings_out_of_their_time() public {
        uint256 now_ = block.timestamp;
        _oneRefused(_lastAt(now_ + 1 minutes + 1), IFeedOracle.Refusal.InFuture);
        _oneRefused(_lastAt(type(uint64).max), IFeedOracle.Refusal.InFuture);
        _oneRefused(_lastAt(now_ - 1 hours - 1), IFeedOracle.Refusal.TooOld);
        _oneRefused(_lastAt(0), IFeedOracle.Refusal.NotNewer);
        assertTrue(feeds.report(_lastAt(now_ - 1 hours)));
        _oneRefused(_lastAt(now_ - 1 hours), IFeedOracle.Refusal.NotNewer);
        assertTrue(feeds.report(_lastAt(now_ + 1 minutes)));
    }

    function test_values_beyond_what_a_feed_keeps() public {
        int256[3] memory values = [type(int256).max, type(int256).min, int256(type(int88).max) + 1];
        for (uint256 i = 0; i < 3; ++i) {
            IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 3);
            its.readings[2] = _reading(its, nodes[2], values[i], block.timestamp);
            _oneRefused(its, IFeedOracle.Refusal.ValueOutOfRange);
        }
    }

    // What counts

    function test_a_value_is_the_median_and_no_fresher_than_its_oldest_reading() public {
        IFeedOracle.Report memory its = _next(COPPER, 4);
        its.readings[0] = _reading(its, nodes[0], COPPER_PRICE + 3, START - 20);
        its.readings[1] = _reading(its, nodes[1], COPPER_PRICE + 2, START - 50);
        its.readings[2] = _reading(its, nodes[2], COPPER_PRICE + 9, START - 10);
        its.readings[3] = _reading(its, nodes[3], COPPER_PRICE + 1, START - 30);
        uint256 places = 0;
        for (uint256 i = 0; i < 4; ++i) {
            places += uint256(OrganisationId.unwrap(nodes[i].id)) * 2 ** (24 * i);
        }
        vm.expectEmit(address(feeds));
        emit IFeedOracle.ValueReported(COPPER, 0, 1, COPPER_PRICE + 2, uint64(START - 50), OrganisationSet.wrap(places));
        assertTrue(feeds.report(its));
        _assertLatest(COPPER, IFeedOracle.Status.Usable, COPPER_PRICE + 2, START - 50);
        assertEq(feeds.record(COPPER).round, 1);
        assertEq(feeds.dueAt(COPPER, 0), START - 50 + 4 hours);
    }

    function test_one_bad_reading_among_enough_costs_nothing() public {
        IFeedOracle.Report memory its = _agreed(COPPER, COPPER_PRICE, 4);
        its.readings[0].r = "not a signature";
        _expectReadingRefused(COPPER, nodes[0].account, IFeedOracle.Refusal.SignatureInvalid);
        assertTrue(feeds.report(its));
    }

    function test_missing_usable_stale() public {
        _assertLatest(COPPER, IFeedOracle.Status.Missing, 0, 0);
        _assertLatest("zinc", IFeedOracle.Status.Missing, 0, 0);
        _feed(COPPER, COPPER_PRICE);
        vm.warp(START + STALE_AFTER);
        _assertLatest(COPPER, IFeedOracle.Status.Usable, COPPER_PRICE, START);
        vm.warp(START + STALE_AFTER + 1);
        _assertLatest(COPPER, IFeedOracle.Status.Stale, 0, START);
    }

    function test_a_value_outside_a_new_band_is_none() public {
        _feed(COPPER, COPPER_PRICE);
        IFeedOracle.Rules memory rules = _priceRules();
        IFeedOracle.Terms memory terms = _priceTerms();
        (rules.version, terms.least) = (2, int88(COPPER_PRICE + 1));
        feeds.setPolicy(COPPER, rules, terms);
        _assertLatest(COPPER, IFeedOracle.Status.Missing, 0, START);
    }

    /// @dev Any number of readings in any order, against numbers sorted by counting how many are below.
    function testFuzz_the_median_of_any_values(uint256 seed, uint256 count) public pure {
        count = bound(count, 1, 10);
        int256[] memory values = new int256[](count);
        int256[] memory sorted = new int256[](count);
        for (uint256 i = 0; i < count; ++i) {
            values[i] = int256(uint256(keccak256(abi.encode(seed, i))) % 7) - 3;
            Medians.insert(sorted, i, values[i]);
        }
        (int256 least, int256 median, int256 greatest) = Medians.spanOf(sorted, count);
        uint256 below = 0;
        uint256 above = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (values[i] < median) ++below;
            if (values[i] > median) ++above;
            if (i != 0) assertLe(sorted[i - 1], sorted[i]);
        }
        assertEq(least, sorted[0]);
        assertEq(greatest, sorted[count - 1]);
        // Of n values at most (n - 1) / 2 are below the lower of the middle two, and at most n / 2 above.
        assertLe(below, (count - 1) / 2);
        assertLe(above, count / 2);
    }

    /// @dev f of n = 4, 7 and 10 lie as they like, all of them in the report: the value stays between the honest ones,
    /// or there is none; and without the liars there always is one.
    function testFuzz_f_of_n_that_lie_or_are_silent(uint256 seed, uint256 f, int256[3] memory lies) public {
        f = bound(f, 1, 3);
        _setQuorum(f);
        int256[] memory values = new int256[](3 * f + 1);
        (int256 low, int256 high) = (type(int256).max, type(int256).min);
        uint256 first = seed % (2 * f + 1);
        for (uint256 i = 0; i < values.length; ++i) {
            values[i] = COPPER_PRICE + int256(uint256(keccak256(abi.encode(seed, i))) % 5000);
            if (i >= first && i < first + f) {
                values[i] = COPPER_PRICE + bound(lies[i - first], -20_000, 20_000);
                continue;
            }
            if (values[i] < low) low = values[i];
            if (values[i] > high) high = values[i];
        }
        uint256 apart = vm.snapshotState();
        if (feeds.report(_reportOf(COPPER, values))) _assertWithin(low, high);
        vm.revertToState(apart);
        IFeedOracle.Report memory its = _next(COPPER, 2 * f + 1);
        for ((uint256 i, uint256 j) = (0, 0); i < values.length; ++i) {
            if (i < first || i >= first + f) its.readings[j++] = _reading(its, nodes[i], values[i], block.timestamp);
        }
        assertTrue(feeds.report(its));
        _assertWithin(low, high);
    }

    /// @dev Reports in a list come to what they come to one by one, whatever is wrong with some.
    function testFuzz_a_list_is_as_good_as_its_reports_one_by_one(uint256 seed) public {
        bytes32[4] memory ids = [COPPER, euroRate, TEMPERATURE, bytes32("zinc")];
        int256[4] memory values = [COPPER_PRICE, EURO_RATE, COLD, int256(1)];
        IFeedOracle.Report[] memory list = new IFeedOracle.Report[](4);
        for (uint256 i = 0; i < 4; ++i) {
            list[i] = _agreed(ids[i], values[i], 3);
            uint256 fault = uint256(keccak256(abi.encode(seed, i))) % 4;
            if (fault == 1) list[i].readings[0].signer = acme.account;
            if (fault == 2) list[i].round = 7;
            if (fault == 3) list[i].readings[2].value = 0;
        }
        uint256 apart = vm.snapshotState();
        uint256 expected = 0;
        bytes memory states;
        for (uint256 i = 0; i < 4; ++i) {
            if (feeds.report(list[i])) expected |= 1 << i;
            states = bytes.concat(states, abi.encode(feeds.record(_feedOf(ids[i]))));
        }
        vm.revertToState(apart);
        assertEq(feeds.reportAll(list), expected);
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory its = abi.encode(feeds.record(_feedOf(ids[i])));
            states = bytes.concat(its, states);
        }
        // The second half is the first in the other order.
        uint256 width = states.length / 8;
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(_part(states, 3 - i, width), _part(states, 4 + i, width));
        }
    }

    function test_lists_that_are_empty_or_too_long() public {
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.ReportsOutOfRange.selector, 0, 32));
        feeds.reportAll(new IFeedOracle.Report[](0));
        vm.expectRevert(abi.encodeWithSelector(IFeedOracle.ReportsOutOfRange.selector, 33, 32));
        feeds.reportAll(new IFeedOracle.Report[](33));
    }

    /// @return its three of copper, the last observed then
    function _lastAt(uint256 observedAt) private view returns (IFeedOracle.Report memory its) {
        its = _agreed(COPPER, COPPER_PRICE, 3);
        its.readings[2] = _reading(its, nodes[2], COPPER_PRICE, observedAt);
    }

    /// @notice 2f + 1 of 3f + 1 report copper.
    function _setQuorum(uint256 f) private {
        IFeedOracle.Rules memory rules = _priceRules();
        (rules.version, rules.threshold, rules.organisations) = (2, uint8(2 * f + 1), uint8(3 * f + 1));
        feeds.setPolicy(COPPER, rules, _priceTerms());
    }

    function _assertWithin(int256 low, int256 high) private view {
        assertGe(feeds.record(COPPER).value, low);
        assertLe(feeds.record(COPPER).value, high);
    }

    function _assertLatest(bytes32 feed, IFeedOracle.Status status, int256 value, uint256 observedAt) private view {
        (IFeedOracle.Status its, int256 itsValue, uint64 at_) = feeds.latest(feed);
        assertEq(uint8(its), uint8(status));
        assertEq(itsValue, value);
        assertEq(at_, observedAt);
    }

    function _part(bytes memory all, uint256 index, uint256 width) private pure returns (bytes32) {
        bytes memory part = new bytes(width);
        for (uint256 i = 0; i < width; ++i) {
            part[i] = all[index * width + i];
        }
        return keccak256(part);
    }
}
