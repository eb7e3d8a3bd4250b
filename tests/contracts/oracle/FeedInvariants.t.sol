// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {FeedHandler} from "./FeedHandler.sol";
import {GradeTest} from "./GradeTest.t.sol";

/// @dev Six organisations that may report both, one that may report the price only (Acme's affiliate), one that may
/// report neither, and a stranger; two keys each.
contract FeedInvariants is GradeTest {
    FeedHandler private _handler;

    function setUp() public override {
        super.setUp();
        _enrol();
        _handler = new FeedHandler(feeds, grades, oracle, [COPPER, TEMPERATURE], SHIPMENT);
        for (uint256 i = 0; i < 6; ++i) {
            _add(nodes[i], true, true);
        }
        _add(_admitIn("ACMESENSORS", acme.lei, Roles.SENSOR), true, false);
        _add(borealis, false, false);
        (address stranger, uint256 key) = makeAddrAndKey("a stranger");
        _handler.addSigner(FeedHandler.Signer(stranger, key, 0, false, false, false));
        _handler.setInspector(inspector.account, inspector.key);
        targetContract(address(_handler));
        bytes4[] memory moves = new bytes4[](9);
        for (uint256 i = 0; i < 5; ++i) {
            moves[i] = FeedHandler.report.selector;
        }
        moves[5] = FeedHandler.pass.selector;
        moves[6] = FeedHandler.changeBand.selector;
        moves[7] = FeedHandler.assess.selector;
        moves[8] = FeedHandler.inspect.selector;
        targetSelector(FuzzSelector(address(_handler), moves));
    }

    /// @dev Invariant 42, and 43 to 45: whatever is not a quorum of sound readings changes nothing.
    function invariant_only_a_quorum_of_sound_readings_changes_a_feed() public view {
        assertFalse(_handler.ghostOf(COPPER).broken);
        assertFalse(_handler.ghostOf(TEMPERATURE).broken);
    }

    function invariant_a_value_lies_within_the_readings_of_its_quorum() public view {
        bytes32[2] memory ids = [COPPER, TEMPERATURE];
        for (uint256 i = 0; i < 2; ++i) {
            FeedHandler.Ghost memory ghost = _handler.ghostOf(ids[i]);
            IFeedOracle.Latest memory last = feeds.record(_feedOf(ids[i]));
            assertEq(last.value, ghost.value);
            assertEq(last.round, ghost.rounds);
            if (ghost.rounds == 0) continue;
            assertGe(last.value, ghost.low);
            assertLe(last.value, ghost.high);
        }
    }

    /// @dev Invariant 40: Usable is fresh, within the present band, and of a price above zero; else there is no value.
    function invariant_what_is_stale_or_out_of_its_band_is_never_usable() public view {
        (IFeedOracle.Status status, int256 value,) = feeds.latest(COPPER);
        FeedHandler.Ghost memory ghost = _handler.ghostOf(COPPER);
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(COPPER);
        bool within = ghost.rounds != 0 && ghost.value >= terms.least && ghost.value <= terms.greatest;
        bool fresh = block.timestamp - ghost.observedAt <= rules.staleAfterSeconds;
        assertEq(status == IFeedOracle.Status.Usable, within && fresh);
        assertEq(status == IFeedOracle.Status.Stale, within && !fresh);
        assertEq(value, within && fresh ? ghost.value : int256(0));
        assertEq(value > 0, status == IFeedOracle.Status.Usable);
        (status,,) = feeds.condition(WARMTH, SHIPMENT);
        ghost = _handler.ghostOf(TEMPERATURE);
        fresh = ghost.rounds != 0 && block.timestamp - ghost.observedAt <= STALE_AFTER;
        assertEq(status == IFeedOracle.Status.Usable, fresh);
    }

    /// @dev The worst that was ever measured stays on record, whatever is measured or found later.
    function invariant_the_worst_readings_stay_on_record() public view {
        FeedHandler.Ghost memory ghost = _handler.ghostOf(TEMPERATURE);
        IFeedOracle.Latest memory last = feeds.record(_feedOf(TEMPERATURE));
        assertEq(last.least, ghost.least);
        assertEq(last.greatest, ghost.greatest);
    }

    /// @dev Invariant 39.
    function invariant_a_grade_becomes_better_by_an_inspection_only() public view {
        assertFalse(_handler.improvedByItself());
    }

    /// @dev The handler gets somewhere: without this the others could hold of nothing.
    function test_the_handler_reports_and_regrades() public {
        for (uint256 i = 1; i < 60; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            _handler.report(i % 2 == 0, seed, 10, seed);
            _handler.pass(i % 4 < 2 ? 1 minutes : 1 hours);
            if (i % 20 == 0) _handler.inspect(0);
        }
        assertGt(_handler.accepted(), 20);
        assertGt(_handler.regraded(), 0);
        assertGt(_handler.ghostOf(TEMPERATURE).rounds, 5);
        assertGt(_handler.ghostOf(TEMPERATURE).past, 0);
    }

    function _add(Party memory party, bool price, bool condition) private {
        (address second, uint256 key) = makeAddrAndKey(string.concat("second key ", vm.toString(party.account)));
        registry.admitAccount(party.lei, second);
        uint256 id = OrganisationId.unwrap(party.id);
        bool senses = registry.organisation(party.id).roles & Roles.SENSOR != 0;
        _handler.addSigner(FeedHandler.Signer(party.account, party.key, id, price, condition, senses));
        _handler.addSigner(FeedHandler.Signer(second, key, id, price, condition, senses));
    }
}
