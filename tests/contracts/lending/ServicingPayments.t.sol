// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title Payments on what does not run as planned: late, impaired, partly or wholly written off, in default.
contract ServicingPaymentsTest is ServicingBase {
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        _id = _open();
        _depart(SHIPMENT);
        _sponsor(200_000);
    }

    /// @dev Invariant 57. Late fees, fees, interest, principal, what was written off, the reserve: one after the other.
    function testFuzz_everyPaymentIsTakenInOrder(uint256 days_, uint256 impaired, bool declared, uint256 paid) public {
        Waterfall.Claims memory due = _trouble(days_, impaired, declared);
        uint256 owed = _owed(_id);
        paid = bound(paid, 1, owed);
        uint256[6] memory claims = _listed(due);
        uint256 poolBefore = euro.balanceOf(address(pool));
        _repay(_id, paid);
        uint256[6] memory left = _listed(_claims(_id));
        uint256 money = paid;
        for (uint256 i; i < 6; ++i) {
            uint256 part = money < claims[i] ? money : claims[i];
            assertEq(claims[i] - left[i], part);
            money -= part;
        }
        assertEq(_owed(_id), owed - paid);
        assertEq(euro.balanceOf(address(pool)) - poolBefore, paid);
        assertEq(uint8(_state(_id)) == uint8(IFinancingDesk.State.Repaid), paid == owed);
        assertLe(desk.financing(_id).impairment, _principal(_id));
        _assertHealthy(_healthOf(pool));
    }

    function testFuzz_noMoreIsTakenThanIsOwed(uint256 days_, uint256 impaired, bool declared, uint256 over) public {
        _trouble(days_, impaired, declared);
        uint256 owed = _owed(_id);
        over = bound(over, 1, type(uint40).max);
        uint256 before = euro.balanceOf(debtor);
        _repay(_id, owed + over);
        assertEq(euro.balanceOf(debtor) - before, over, "the payer keeps the rest");
        assertEq(_owed(_id), 0);
    }

    /// @dev What the debtor pays above the debt is the seller's, whatever has happened before.
    function testFuzz_theSellerHasWhatIsLeft(uint256 days_, uint256 impaired, bool declared) public {
        _trouble(days_, impaired, declared);
        uint256 owed = _owed(_id);
        uint256 before = euro.balanceOf(supplier);
        _payItem(ITEM, FACE_VALUE);
        assertEq(euro.balanceOf(supplier) - before, FACE_VALUE - owed);
        assertEq(_owed(_id), 0);
        vm.prank(supplier);
        desk.release(_id);
        _assertHealthy(_healthOf(pool));
    }

    /// @dev Invariant 68: what runs stays with the pool and the custodian that it began with.
    function test_whatIsNoLongerListedRunsOffWhereItIs() public {
        desk.listPool(pool, false);
        desk.listCollateral(invoices, false);
        _overdue(30);
        servicing.markOverdue(_id);
        uint256 owed = _owed(_id);
        uint256 before = euro.balanceOf(address(pool));
        _payItem(ITEM, FACE_VALUE);
        assertEq(euro.balanceOf(address(pool)) - before, owed);
        vm.prank(supplier);
        desk.release(_id);
        assertEq(_custody(), 0);
    }

    // Helpers

    function _trouble(uint256 days_, uint256 impaired, bool declared) private returns (Waterfall.Claims memory) {
        days_ = bound(days_, 0, 120);
        _overdue(days_);
        impaired = bound(impaired, 0, _principal(_id));
        desk.setImpairment(_id, impaired);
        if (_lostBps(days_) != 0) servicing.markOverdue(_id);
        if (declared && days_ >= GRACE_DAYS) servicing.declareDefault(_id);
        return _claims(_id);
    }

    function _listed(Waterfall.Claims memory its) private pure returns (uint256[6] memory) {
        return [its.lateFees, its.fees, its.interest, its.principal, its.writtenOff, its.reserve];
    }
}
