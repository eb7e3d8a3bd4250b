// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {ServicingHandler} from "./ServicingHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract ServicingChecks is ServicingHandler {
    function checkHealth() external inTime {
        _assertHealthy(health);
    }

    function checkNothingHappenedThatMayNot() external view {
        assertEq(fault, "");
    }

    /// @dev Whoever comes after the schedule or the grace is heard, whatever was paid, disputed or called before.
    function checkNothingPutsArrearsOff() external inTime {
        uint256 snapshot = vm.snapshotState();
        for (uint64 i = 1; i <= desk.financingCount(); ++i) {
            FinancingId id = FinancingId.wrap(i);
            invoices.forward(id);
            if (servicing.writeOffDue(id) > desk.financing(id).writtenOff) servicing.markOverdue(id);
            IFinancingDesk.Financing memory its = desk.financing(id);
            uint256 graceEndsAt = (uint256(its.maturityDay) + 1 + GRACE_DAYS) * 1 days;
            bool may = its.state == IFinancingDesk.State.Open && vm.getBlockTimestamp() >= graceEndsAt;
            if (may && _owed(id) != 0) servicing.declareDefault(id);
        }
        _assertHealthy(health);
        vm.revertToState(snapshot);
    }

    /// @dev Every debt can be paid at once and in full; then nothing is out and nobody is called on.
    function checkEveryDebtCanBePaid() external inTime {
        uint256 snapshot = vm.snapshotState();
        for (uint64 i = 1; i <= desk.financingCount(); ++i) {
            FinancingId id = FinancingId.wrap(i);
            if (_owed(id) != 0) _repayAll(id);
            assertTrue(FinancingId.unwrap(desk.facility(desk.financing(id).facility).recourseTo) != i);
        }
        assertEq(pool.books().principalOut + otherPool.books().principalOut, 0);
        assertEq(pool.books().impairment + otherPool.books().impairment, 0);
        _assertHealthy(health);
        vm.revertToState(snapshot);
    }

    function checkCash() external view {
        address[12] memory known = [
            supplier,
            gull,
            debtor,
            cobalt,
            granite,
            treasury,
            address(desk),
            address(pool),
            address(otherPool),
            address(reserve),
            address(receivables),
            address(invoices)
        ];
        uint256 sum = euro.balanceOf(address(otherPool.reserve()));
        for (uint256 i; i < known.length; ++i) {
            sum += euro.balanceOf(known[i]);
        }
        assertEq(sum, euro.totalSupply());
    }
}

contract ServicingInvariants is Test {
    ServicingChecks private handler;

    function setUp() public {
        handler = new ServicingChecks();
        // Every walk begins with debts to be late with.
        handler.finance(2_000_000, 700_001, 9, false);
        handler.finance(3_000_000, 0, 59, true);
        bytes4[] memory selectors = new bytes4[](23);
        selectors[0] = handler.finance.selector;
        selectors[1] = handler.creditNote.selector;
        selectors[2] = handler.release.selector;
        selectors[3] = handler.pay.selector;
        selectors[4] = handler.repay.selector;
        selectors[5] = handler.dispute.selector;
        selectors[6] = handler.award.selector;
        selectors[7] = handler.markOverdue.selector;
        selectors[8] = handler.declareDefault.selector;
        selectors[9] = handler.callRecourse.selector;
        selectors[10] = handler.forward.selector;
        selectors[11] = handler.poke.selector;
        selectors[12] = handler.closeEpoch.selector;
        selectors[13] = handler.wait_.selector;
        selectors[14] = handler.extend.selector;
        selectors[15] = handler.refinance.selector;
        selectors[16] = handler.impair.selector;
        selectors[17] = handler.redeem.selector;
        // Time, and who comes when it has passed, are what this is about: twice as often.
        selectors[18] = handler.wait_.selector;
        selectors[19] = handler.wait_.selector;
        selectors[20] = handler.markOverdue.selector;
        selectors[21] = handler.declareDefault.selector;
        selectors[22] = handler.letGo.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    function invariant_everyStatementOfHealthHolds() public {
        handler.checkHealth();
    }

    function invariant_servicingDoesOnlyWhatTheStateAllows() public view {
        handler.checkNothingHappenedThatMayNot();
    }

    function invariant_nothingPutsArrearsOff() public {
        handler.checkNothingPutsArrearsOff();
    }

    function invariant_everyDebtCanBePaid() public {
        handler.checkEveryDebtCanBePaid();
    }

    function invariant_everyCentOfTwoPoolsIsSomewhere() public view {
        handler.checkCash();
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsAreTaken() public {
        handler.extend(2, 5, true);
        assertEq(handler.carriedOut(), 1);
        handler.creditNote(2, 2_500_000);
        handler.callRecourse(2);
        assertEq(handler.called(), 1);
        handler.repay(2, 1_700_000);
        handler.letGo(2);
        assertEq(handler.freed(), 1);
        for (uint256 i; i < 4; ++i) {
            handler.wait_(15 days);
        }
        handler.declareDefault(0);
        handler.markOverdue(1);
        assertEq(handler.declared(), 1);
        assertEq(handler.marked(), 1);
        handler.pay(0, 500_000, true);
        handler.repay(1, 100_000);
        assertEq(handler.acts(), 15);
    }
}
