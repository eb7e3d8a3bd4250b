// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {SyndicateBase} from "./Syndicate.t.sol";
import {RiskDesk} from "./doubles/RiskDesk.sol";
import {RiskPool} from "./doubles/RiskPool.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Six loans, two rates on three clocks, so that rates are shared by loans and clocks by rates.
contract SyndicateHandler is Test {
    uint256 private constant LOANS = 6;

    RiskDesk private immutable _desk;
    Syndicate private immutable _syndicate;
    RiskPool[3] private _pools;
    bool public repaymentTookFromAMember;
    uint256 public drawn;

    constructor(RiskDesk desk, Syndicate syndicate, RiskPool[3] memory pools) {
        (_desk, _syndicate, _pools) = (desk, syndicate, pools);
        for (uint256 i; i < LOANS; ++i) {
            desk.add(i < 3 ? 900 : 1250, DayCount(i % 3));
        }
    }

    function draw(uint256 id, uint256 amount) external {
        uint256 most = _syndicate.lendable();
        if (most == 0) return;
        // One in eight takes all that the members can do in their shares.
        amount = amount % 8 == 0 ? most : bound(amount, 1, most < 1e10 ? most : 1e10);
        _desk.draw(id % LOANS, amount);
        drawn += amount;
    }

    function repay(uint256 id, uint256 amount, uint256 fees) external {
        id = id % LOANS;
        amount = amount % 4 == 0 ? _desk.owed(id) : bound(amount, 0, _desk.owed(id));
        uint256[3] memory before = _worths();
        _desk.repay(id, amount, fees % 1000, fees % 77, fees % 13);
        uint256[3] memory now_ = _worths();
        for (uint256 i; i < 3; ++i) {
            // Minor units do not divide: two of them may pass between three members.
            if (now_[i] + 2 * Rates.INTEREST_DENOMINATOR < before[i]) repaymentTookFromAMember = true;
        }
    }

    function impair(uint256 id, uint256 amount) external {
        id = id % LOANS;
        _desk.impair(id, bound(amount, 0, _desk.loan(id).principal));
    }

    function writeOff(uint256 id, uint256 amount) external {
        id = id % LOANS;
        uint256 principal = _desk.loan(id).principal;
        if (principal == 0) return;
        _desk.writeOff(id, amount % 3 == 0 ? principal : bound(amount, 1, principal));
    }

    function recover(uint256 id, uint256 amount) external {
        id = id % LOANS;
        _desk.recover(id, bound(amount, 0, _desk.loan(id).writtenOff));
    }

    function stop(uint256 who, bool stopped) external {
        _pools[who % 3].stop(stopped);
    }

    function pass(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 40 days));
    }

    /// @dev What each member has and is owed, exactly, in interest numerators.
    function _worths() private view returns (uint256[3] memory worths) {
        for (uint256 i; i < 3; ++i) {
            worths[i] = (_pools[i].free() + _pools[i].principalOut()) * Rates.INTEREST_DENOMINATOR;
            for (uint256 j; j < 3; ++j) {
                worths[i] += _pools[i].accruedNumerator(DayCount(j));
            }
        }
    }
}

contract SyndicateInvariants is SyndicateBase {
    SyndicateHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new SyndicateHandler(desk, syndicate, pools);
        targetContract(address(_handler));
    }

    function invariant_syndicate_holds_no_money_between_calls() public view {
        assertEq(euro.balanceOf(address(syndicate)), 0);
    }

    function invariant_syndicate_positions_sum_to_the_loans() public view {
        uint256[3] memory loans;
        for (uint256 id; id < desk.count(); ++id) {
            RiskDesk.Loan memory its = desk.loan(id);
            loans[0] += its.principal;
            loans[1] += its.impairment;
            loans[2] += its.writtenOff;
        }
        uint256[3] memory members;
        for (uint256 i; i < 3; ++i) {
            ISyndicate.Position memory its = syndicate.positionOf(_pool(i));
            members[0] += its.principalOut;
            members[1] += its.impairment;
            members[2] += its.lost;
        }
        assertEq(members[0], loans[0], "principal");
        assertEq(members[1], loans[1], "impairment");
        assertEq(members[2], loans[2], "lost");
    }

    function invariant_syndicate_positions_are_what_the_pools_have_booked() public view {
        for (uint256 i; i < 3; ++i) {
            ISyndicate.Position memory its = syndicate.positionOf(_pool(i));
            assertEq(its.principalOut, pools[i].principalOut());
            assertEq(its.impairment, pools[i].impairment());
            assertEq(its.lost, pools[i].lost() - _received(i).recovered);
        }
    }

    function invariant_syndicate_members_have_earned_what_the_loans_accrued() public view {
        for (uint256 j; j < 3; ++j) {
            DayCount dayCount = DayCount(j);
            uint256 loans;
            for (uint256 id; id < desk.count(); ++id) {
                if (desk.loan(id).dayCount == dayCount) loans += desk.accrued(id);
            }
            uint256 members;
            for (uint256 i; i < 3; ++i) {
                uint256 its = syndicate.accruedNumeratorOf(_pool(i), dayCount);
                assertEq(its, pools[i].accruedNumerator(dayCount));
                members += its;
            }
            assertEq(members, loans);
        }
    }

    function invariant_syndicate_weight_follows_principal_at_every_rate() public view {
        for (uint256 i; i < 3; ++i) {
            assertEq(pools[i].weightOf(DayCount.Actual360), _weightAt(i, DayCount.Actual360, 73));
            assertEq(pools[i].weightOf(DayCount.Actual365), _weightAt(i, DayCount.Actual365, 72));
            assertEq(pools[i].weightOf(DayCount.Thirty360), _weightAt(i, DayCount.Thirty360, 73));
        }
    }

    function _weightAt(uint256 i, DayCount dayCount, uint256 year) private view returns (int256) {
        uint256 low = syndicate.principalAt(_pool(i), dayCount, 900 * year) * 900 * year;
        return int256(low + syndicate.principalAt(_pool(i), dayCount, 1250 * year) * 1250 * year);
    }

    function invariant_syndicate_passes_on_all_that_came() public view {
        RiskDesk.Totals memory its = desk.totals();
        IFundingSource.Receipt memory sum;
        for (uint256 i; i < 3; ++i) {
            IFundingSource.Receipt memory part = _received(i);
            sum.lateFees += part.lateFees;
            sum.fees += part.fees;
            sum.interest += part.interest;
            sum.principal += part.principal;
            sum.recovered += part.recovered;
            sum.reserve += part.reserve;
            assertEq(euro.balanceOf(address(pools[i])), pools[i].counted(), "counted is what is there");
        }
        assertEq(sum.lateFees, its.lateFees);
        assertEq(sum.fees, its.fees);
        assertEq(sum.interest, its.interest);
        assertEq(sum.principal, its.repaid);
        assertEq(sum.recovered, its.recovered);
        assertEq(sum.reserve, its.reserve);
        assertEq(euro.balanceOf(supplier), _handler.drawn(), "the payee has every draw");
    }

    function invariant_syndicate_no_member_is_impaired_beyond_what_it_has_out() public view {
        for (uint256 i; i < 3; ++i) {
            ISyndicate.Position memory its = syndicate.positionOf(_pool(i));
            assertLe(its.impairment, its.principalOut);
        }
    }

    function invariant_syndicate_repayment_takes_nothing_from_a_member() public view {
        assertFalse(_handler.repaymentTookFromAMember());
    }
}
