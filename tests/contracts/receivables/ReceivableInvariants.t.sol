// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {ReceivableHandler} from "./ReceivableHandler.sol";

/// @dev Invariants 21, 22, 28 to 30, 34, 35 and 58, in one currency so that one invoice's shortage would eat another's
/// cash.
contract ReceivableInvariants is Network {
    ReceivableHandler private _handler;
    uint256 private constant HOLDERS = 7;

    function setUp() public override {
        super.setUp();
        address[] memory holders = new address[](HOLDERS);
        uint256[] memory keys = new uint256[](HOLDERS);
        (holders[0], keys[0]) = (acme.account, acme.key);
        (holders[1], keys[1]) = makeAddrAndKey("Acme's other account");
        registry.admitAccount(acme.lei, holders[1]);
        (holders[2], keys[2]) = _partner("ZENITHPARTS", Roles.SUPPLIER);
        (holders[3], keys[3]) = _partner("GAMMAMETALS", Roles.SUPPLIER);
        (holders[4], keys[4]) = _partner("DELTAORES", Roles.LENDER);
        holders[5] = _custodian();
        holders[6] = _custodian();
        for (uint256 i = 0; i < 5; ++i) {
            vm.startPrank(holders[i]);
            receivables.setApprovalForAll(holders[5], true);
            receivables.setApprovalForAll(holders[6], true);
            vm.stopPrank();
        }
        _issue(euro, borealis.account, 200_000_000);
        vm.prank(borealis.account);
        euro.approve(address(receivables), type(uint256).max);
        for (uint256 i = 0; i < 3; ++i) {
            registry.renewKyc([acme.lei, borealis.lei, operator.lei][i], uint40(START + 3650 days));
        }
        _handler = new ReceivableHandler(receivables, disputes, euro, borealis.account, address(this), holders, keys);
        targetContract(address(_handler));
        targetSelector(FuzzSelector(address(_handler), _moves()));
        for (uint256 i = 0; i < 4; ++i) {
            _handler.register([uint256(4000), 9_000_000, 13, 5000][i], 30);
            _handler.accept(i, i != 1);
        }
    }

    function _circulationRules() internal pure override returns (ICirculation.CirculationRules memory) {
        return ICirculation.CirculationRules(365, 184, 3, 6, 100, 10);
    }

    function invariant_units_set_aside_and_claimed_make_up_the_face_value() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            uint256 sum = _handler.model(id).claimed;
            for (uint256 who = 0; who < HOLDERS; ++who) {
                ICirculation.Holding memory held = _holding(id, who);
                sum += uint256(held.units) + held.setAside;
            }
            bool cancelled = _state(id) == IReceivableToken.State.Cancelled;
            assertEq(sum, cancelled ? 0 : _record(id).faceValue);
        }
    }

    function invariant_claims_and_what_could_be_claimed_never_exceed_what_was_paid() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            assertLe(_handler.model(id).claimed + _claimable(id), _record(id).paid);
        }
    }

    function invariant_the_cash_is_what_was_paid_less_what_was_claimed() public view {
        uint256 expected = 0;
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            expected += _handler.model(id).paid - _handler.model(id).claimed;
        }
        assertEq(euro.balanceOf(address(receivables)), expected);
    }

    function invariant_what_could_be_claimed_is_payable_now() public view {
        uint256 claimable = 0;
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            claimable += _claimable(id);
        }
        assertLe(claimable, euro.balanceOf(address(receivables)));
    }

    function invariant_face_value_and_paid_are_the_models() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            assertEq(_record(id).faceValue, _handler.model(id).face);
            assertEq(_record(id).paid, _handler.model(id).paid);
        }
    }

    /// @dev The model never leaves an end, so that terminal states are terminal.
    function invariant_the_life_is_the_models() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            assertTrue(_state(id) == _handler.model(id).state);
        }
    }

    function invariant_settled_is_nothing_owed() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            bool owed = _record(id).faceValue != _record(id).paid;
            assertEq(_state(id) == IReceivableToken.State.Settled, !owed);
            if (_state(id) != IReceivableToken.State.Cancelled) {
                assertEq(receivables.outstanding(ReceivableId.wrap(id)) != 0, owed);
            }
        }
    }

    function invariant_no_fingerprint_is_ever_free_again() public {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            IReceivableToken.RegisterTerms memory terms = _terms();
            (terms.id, terms.dueDate) = (ReceivableId.wrap(id), block.timestamp / 1 days);
            vm.expectRevert(abi.encodeWithSelector(IReceivableToken.ReceivableExists.selector, terms.id, _state(id)));
            vm.prank(acme.account);
            receivables.register(terms);
        }
    }

    function invariant_tiers_are_the_models_and_within_the_rules() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            for (uint256 who = 0; who < HOLDERS; ++who) {
                assertEq(_holding(id, who).tier, _handler.tier(id, who));
                assertLe(_holding(id, who).tier, 3);
            }
        }
    }

    function invariant_hops_are_counted_and_within_the_rules() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            assertEq(_record(id).transfers, _handler.model(id).transfers);
            for (uint256 who = 0; who < HOLDERS; ++who) {
                assertEq(_holding(id, who).transfers, _handler.handedOn(id, who));
                assertLe(_holding(id, who).transfers, 6);
            }
        }
    }

    function invariant_the_encumbrance_is_who_has_custody() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            for (uint256 i = 0; i < 2; ++i) {
                assertEq(_record(id).custodian == i + 1, _holding(id, 5 + i).units != 0);
            }
            uint256 custodian = _handler.model(id).custodian;
            assertEq(_record(id).custodian, custodian == 0 ? 0 : custodian - 4);
        }
    }

    function invariant_paper_with_set_off_stays_with_its_supplier_and_custody() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            if (_record(id).setOffWaived) continue;
            for (uint256 who = 0; who < 5; ++who) {
                bool own = id % 2 == 1 ? who < 2 : who == 2;
                if (!own) assertEq(_holding(id, who).units, 0);
            }
            assertEq(_record(id).transfers, 0);
        }
    }

    function invariant_nobody_is_diluted_but_the_supplier_and_custody_of_paper_with_set_off() public view {
        assertEq(_handler.foreignLoss(), 0);
    }

    function invariant_what_is_disputed_is_owed() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            uint256 disputed = receivables.disputedOf(ReceivableId.wrap(id));
            uint256 owed = receivables.outstanding(ReceivableId.wrap(id));
            assertLe(disputed, owed);
            uint256 expected = _handler.model(id).disputed;
            assertEq(disputed, expected < owed ? expected : owed);
            if (disputed != 0) assertFalse(_record(id).setOffWaived);
        }
    }

    function invariant_reserved_units_stay() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            for (uint256 who = 0; who < 5; ++who) {
                if (!_handler.isReserved(id, who)) continue;
                assertGe(_handler.worth(id, who), _handler.reservedFloor(id, who));
                assertEq(_holding(id, who).reservedUntil, _handler.reservedUntil(id, who));
                assertEq(_holding(id, who).reservedBy, _handler.reservedFor(id, who) - 4);
            }
        }
    }

    function invariant_no_hop_leaves_less_than_the_smallest_part() public view {
        assertEq(_handler.tooSmallParts(), 0);
    }

    /// @dev Expectation by another way: every payment shared out by itself, in fractions.
    function invariant_everybody_has_earned_its_exact_share_but_for_rounding() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            int256 slack = int256(_handler.roundings(id) + 1) * 1e18;
            for (uint256 who = 0; who < HOLDERS; ++who) {
                uint256 had = _handler.cashTaken(id, who) + _claimableOf(id, who);
                assertApproxEqAbs(int256(had) * 1e18, _handler.exactEarned(id, who), uint256(slack));
            }
        }
    }

    function invariant_units_and_cash_are_what_came_to_a_holder() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            for (uint256 who = 0; who < HOLDERS; ++who) {
                assertEq(_handler.worth(id, who), _handler.unitsNet(id, who));
            }
        }
    }

    function invariant_default_comes_after_grace() public view {
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            if (_state(id) != IReceivableToken.State.Defaulted) continue;
            assertGe(_handler.model(id).defaultedAt, (uint256(_record(id).dueDate) + 11) * 1 days);
        }
    }

    function invariant_nonces_count_the_signed_moves() public view {
        for (uint256 who = 0; who < 5; ++who) {
            assertEq(receivables.nonces(_handler.holders(who)), _handler.signedMoves(who));
        }
    }

    /// @dev Whatever happened before: once everything is paid and claimed, every unit that was not diluted has brought
    /// one minor unit to whom it came to, and nothing is left.
    function afterInvariant() public {
        _handler.finish();
        assertEq(euro.balanceOf(address(receivables)), 0);
        for (uint256 id = 1; id <= _handler.count(); ++id) {
            if (_state(id) == IReceivableToken.State.Registered) continue;
            for (uint256 who = 0; who < HOLDERS; ++who) {
                assertEq(_handler.cashTaken(id, who), _handler.unitsNet(id, who));
                assertEq(_holding(id, who).units, 0);
            }
        }
    }

    function _moves() private pure returns (bytes4[] memory moves) {
        moves = new bytes4[](19);
        moves[0] = ReceivableHandler.register.selector;
        moves[1] = ReceivableHandler.accept.selector;
        moves[2] = ReceivableHandler.cancel.selector;
        moves[3] = ReceivableHandler.cancelByConsent.selector;
        moves[4] = ReceivableHandler.markDefaulted.selector;
        moves[5] = ReceivableHandler.pass.selector;
        moves[6] = ReceivableHandler.pay.selector;
        moves[7] = ReceivableHandler.claim.selector;
        moves[8] = ReceivableHandler.hop.selector;
        moves[9] = ReceivableHandler.pledge.selector;
        moves[10] = ReceivableHandler.giveBack.selector;
        moves[11] = ReceivableHandler.reserve.selector;
        moves[12] = ReceivableHandler.endReservation.selector;
        moves[13] = ReceivableHandler.creditNote.selector;
        moves[14] = ReceivableHandler.openDispute.selector;
        moves[15] = ReceivableHandler.concede.selector;
        moves[16] = ReceivableHandler.resolve.selector;
        moves[17] = ReceivableHandler.withdrawDispute.selector;
        // Twice as often as the others: the tiers are what there is most of.
        moves[18] = ReceivableHandler.hop.selector;
    }

    function _partner(string memory name, uint32 roles) private returns (address, uint256) {
        Party memory party = _admit(name, roles);
        registry.renewKyc(party.lei, uint40(START + 3650 days));
        return (party.account, party.key);
    }

    function _custodian() private returns (address) {
        Custodian custodian = new Custodian(receivables);
        custodian.setMood(Custodian.Mood.Idle);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        return address(custodian);
    }

    function _record(uint256 id) private view returns (IReceivableToken.Receivable memory) {
        return receivables.receivable(ReceivableId.wrap(id));
    }

    function _state(uint256 id) private view returns (IReceivableToken.State) {
        return _record(id).state;
    }

    function _holding(uint256 id, uint256 who) private view returns (ICirculation.Holding memory) {
        return receivables.holding(ReceivableId.wrap(id), _handler.holders(who));
    }

    function _claimableOf(uint256 id, uint256 who) private view returns (uint256) {
        return receivables.claimable(ReceivableId.wrap(id), _handler.holders(who));
    }

    function _claimable(uint256 id) private view returns (uint256 sum) {
        for (uint256 who = 0; who < HOLDERS; ++who) {
            sum += _claimableOf(id, who);
        }
    }
}
