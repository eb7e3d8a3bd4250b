// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Servicing} from "../../../contracts/lending/Servicing.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {StdStorage, stdStorage} from "forge-std/Test.sol";

/// @title Lending with the real servicing contract: a quarter is lost after 30 days overdue, half after 60, all after 90.
abstract contract ServicingBase is LendingBase {
    using stdStorage for StdStorage;

    bytes32 internal constant EVIDENCE = keccak256("credit note 2026-17");

    Servicing internal servicing;

    function setUp() public virtual override {
        super.setUp();
        servicing = _newServicing();
        // The base has named itself, and the desk takes one name only.
        stdstore.target(address(desk)).sig("servicing()").checked_write(address(servicing));
        manager.grantRole(Offices.ARBITER, address(this), 0);
    }

    function _newServicing() internal returns (Servicing its) {
        its = new Servicing(desk, _steps(), address(manager));
        _allow(its.setSchedule.selector, address(its), Offices.CREDIT_OFFICER);
        _allow(its.approve.selector, address(its), Offices.CREDIT_OFFICER);
        _allow(its.withdrawApproval.selector, address(its), Offices.CREDIT_OFFICER);
    }

    function _steps() internal pure returns (IServicing.Step[] memory steps) {
        steps = new IServicing.Step[](3);
        (steps[0], steps[1], steps[2]) =
        (IServicing.Step(30, 2500), IServicing.Step(60, 5000), IServicing.Step(90, 10_000));
    }

    /// @dev The network's schedule once more, as a clerk would read it off the page.
    function _lostBps(uint256 daysOverdue) internal pure returns (uint256) {
        return daysOverdue < 30 ? 0 : daysOverdue < 60 ? 2500 : daysOverdue < 90 ? 5000 : 10_000;
    }

    function _healthOf(LendingPool first) internal returns (HealthCheck) {
        ILendingPool[] memory pools = new ILendingPool[](1);
        pools[0] = first;
        return new HealthCheck(desk, pools);
    }

    function _healthOf(LendingPool first, LendingPool second) internal returns (HealthCheck) {
        ILendingPool[] memory pools = new ILendingPool[](2);
        (pools[0], pools[1]) = (first, second);
        return new HealthCheck(desk, pools);
    }

    function _assertHealthy(HealthCheck health) internal view {
        (bool healthy, string memory broken, uint256 subject) = health.check();
        assertTrue(healthy, string.concat(broken, " ", vm.toString(subject)));
    }

    // Invoices and financings

    function _itemOf(string memory name) internal pure returns (uint256) {
        return uint256(keccak256(bytes(name)));
    }

    /// @param waived whether the debtor gave up its set-off
    function _accepted(uint256 item, uint256 face, bool waived) internal {
        _acceptedUntil(item, face, waived, DUE_DATE);
    }

    /// @param dueDate days since 1970-01-01
    function _acceptedUntil(uint256 item, uint256 face, bool waived, uint256 dueDate) internal {
        ReceivableId id = ReceivableId.wrap(item);
        vm.prank(supplier);
        receivables.register(IReceivableToken.RegisterTerms(id, debtor, "EUR", face, QUANTITY, dueDate, 0));
        vm.prank(debtor);
        receivables.accept(IReceivableToken.Acceptance(id, face, QUANTITY, dueDate, waived));
    }

    /// @notice An invoice that is pledged as a whole; the goods have departed, so that 60 % is drawn.
    function _financed(string memory name, uint256 face, FacilityId line) internal returns (FinancingId id) {
        _accepted(_itemOf(name), face, false);
        bytes32 subject = bytes32(_itemOf(name));
        vm.prank(supplier);
        oracle.openSubject(subject, new bytes32[](0));
        id = _pledge(line, _itemOf(name), face, subject);
        _depart(subject);
    }

    function _principal(FinancingId id) internal view returns (uint256) {
        return desk.financing(id).principal;
    }

    function _payItem(uint256 item, uint256 amount) internal {
        _fundAndApprove(debtor, amount, address(receivables));
        _payFunded(item, amount);
    }

    /// @notice Nothing but the payment, so that a test may expect its events.
    function _payFunded(uint256 item, uint256 amount) internal {
        vm.prank(debtor);
        receivables.pay(ReceivableId.wrap(item), amount);
    }

    /// @notice The debtor pays, and the desk does not take the money when the custodian is told.
    function _payItemAndLeaveItThere(uint256 item, uint256 amount) internal {
        vm.mockCallRevert(address(desk), abi.encodeWithSelector(desk.applyProceeds.selector), "not now");
        _payItem(item, amount);
        vm.clearMockedCalls();
    }

    function _creditNote(uint256 item, uint256 amount) internal {
        vm.prank(supplier);
        disputes.creditNote(ReceivableId.wrap(item), amount, EVIDENCE);
    }

    function _repay(FinancingId id, uint256 amount) internal {
        _fundAndApprove(debtor, amount, address(desk));
        _repayFunded(id, amount);
    }

    /// @notice Nothing but the repayment, so that a test may expect its events.
    function _repayFunded(FinancingId id, uint256 amount) internal {
        vm.prank(debtor);
        desk.repay(id, amount);
    }

    function _repayAll(FinancingId id) internal {
        _repay(id, _owed(id));
    }

    function _sponsor(uint256 amount) internal {
        _fundAndApprove(treasury, amount, address(reserve));
        vm.prank(treasury);
        reserve.deposit(amount);
    }

    // Time

    /// @notice The first moment at which so many whole days have passed since the end of the day of maturity.
    function _overdue(uint256 days_) internal {
        vm.warp((DUE_DATE + 1 + days_) * 1 days);
    }
}
