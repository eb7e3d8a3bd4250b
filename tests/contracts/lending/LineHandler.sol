// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title Up to four lines at once: an order is financed, shipped, received, invoiced, handed over to the invoice, and paid
/// by either paper or by the supplier, in whatever order the caller comes upon. What must hold of an act is asserted in it;
/// what was paid and where it went is kept.
contract LineHandler is LendingBase {
    struct Line {
        uint256 order;
        uint256 invoice;
        bytes32 subject;
        uint256 value;
        FinancingId financing;
        bool departed;
        bool received;
        bool invoiced;
        bool handedOver;
        uint256 cameIn;
        uint256 toDebt;
        uint256 toSupplier;
    }

    uint256 private constant MOST_LINES = 4;

    Line[] private _lines;
    HealthCheck public health;
    uint256 public handovers;
    uint256 public refusals;
    uint256 private _clock;

    modifier act() {
        vm.warp(_clock);
        _;
        _clock = vm.getBlockTimestamp();
    }

    constructor() {
        setUp();
        ILendingPool[] memory pools = new ILendingPool[](1);
        pools[0] = pool;
        health = new HealthCheck(desk, pools);
        vm.prank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        address[3] memory spenders = [address(escrow), address(receivables), address(desk)];
        for (uint256 i; i < spenders.length; ++i) {
            vm.prank(debtor);
            euro.approve(spenders[i], type(uint256).max);
            vm.prank(supplier);
            euro.approve(spenders[i], type(uint256).max);
        }
        _clock = START;
    }

    // Acts

    function openLine(uint256 value) external act {
        uint256 n = _lines.length;
        if (n == MOST_LINES) return;
        value = bound(value, 500_000, 5_000_000);
        Line storage its = _lines.push();
        its.order = uint256(keccak256(abi.encode("order", n)));
        its.invoice = uint256(keccak256(abi.encode("invoice", n)));
        (its.subject, its.value) = (keccak256(abi.encode("goods", n)), value);
        vm.prank(supplier);
        oracle.openSubject(its.subject, new bytes32[](0));
        _registerAndAccept(
            _termsOf(
                OrderId.wrap(its.order), debtor, its.subject, value, QUANTITY, vm.getBlockTimestamp() / 1 days + 60
            )
        );
        vm.prank(supplier);
        its.financing = desk.openFinancing(facility, orders, its.order, value, its.subject);
    }

    function attest(uint256 seed, uint256 quantity) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        if (!its.departed) {
            its.departed = true;
            _depart(its.subject);
        } else if (!its.received) {
            its.received = true;
            uint64 seen = uint64(bound(quantity, QUANTITY / 2, QUANTITY));
            uint256 paid = escrow.order(OrderId.wrap(its.order)).paid;
            _fact(warehouse, inspector, its.subject, Milestones.RECEIVED, 1, seen);
            assertEq(escrow.order(OrderId.wrap(its.order)).paid, paid, "while it may be disputed nothing is paid");
        }
    }

    function poke(uint256 seed) external act {
        if (_lines.length == 0) return;
        desk.poke(_at(seed).financing);
    }

    /// @notice The buyer's money waits in escrow until facts earn it.
    function fund(uint256 seed, uint256 amount) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        OrderId id = OrderId.wrap(its.order);
        if (escrow.order(id).state != IOrderEscrow.State.Accepted || escrow.unfunded(id) == 0) return;
        amount = bound(amount, 1, escrow.unfunded(id));
        _issue(euro, debtor, amount);
        vm.prank(debtor);
        escrow.fund(id, amount);
    }

    function settle(uint256 seed) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        if (escrow.order(OrderId.wrap(its.order)).state != IOrderEscrow.State.Accepted) return;
        _watchMoney(its);
        _bookMoney(its, escrow.settle(OrderId.wrap(its.order)));
    }

    function payOrder(uint256 seed, uint256 amount) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        OrderId id = OrderId.wrap(its.order);
        if (escrow.order(id).state != IOrderEscrow.State.Accepted || escrow.unfunded(id) == 0) return;
        amount = bound(amount, 1, escrow.unfunded(id));
        _issue(euro, debtor, amount);
        _watchMoney(its);
        vm.prank(debtor);
        escrow.payOrder(id, amount);
        _bookMoney(its, amount);
    }

    function invoice(uint256 seed) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        if (its.invoiced) return;
        its.invoiced = true;
        IReceivableToken.RegisterTerms memory terms = _terms();
        (terms.id, terms.faceValue) = (ReceivableId.wrap(its.invoice), its.value);
        terms.dueDate = vm.getBlockTimestamp() / 1 days + 60;
        vm.prank(supplier);
        receivables.register(terms);
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        (acceptance.id, acceptance.faceValue, acceptance.dueDate) = (terms.id, its.value, terms.dueDate);
        vm.prank(debtor);
        receivables.accept(acceptance);
    }

    /// @notice With a part of the invoice or all of it: where that does not bear the debt it is refused, and nothing has
    /// changed.
    function handOver(uint256 seed, uint256 units) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        FinancingId id = its.financing;
        IFinancingDesk.Financing memory before = desk.financing(id);
        uint256 left = receivables.outstanding(ReceivableId.wrap(its.invoice));
        bool may = its.invoiced && !its.handedOver && before.state == IFinancingDesk.State.Open
            && vm.getBlockTimestamp() < (uint256(before.maturityDay) + 1) * 1 days && left >= its.value / 64 + 1;
        if (!may) return;
        units = bound(units, its.value / 64 + 1, left);
        uint256 owed = desk.owedInAll(id);
        vm.prank(supplier);
        try desk.handOver(id, invoices, its.invoice, units, its.subject, address(0)) {
            its.handedOver = true;
            ++handovers;
            (uint256 base,) = desk.availability(id);
            assertLe(owed, base, "borne by the new paper");
            assertEq(desk.financing(id).openedDay, before.openedDay);
        } catch (bytes memory reason) {
            ++refusals;
            assertEq(bytes4(reason), IFinancingDesk.HandoverUncovered.selector);
            assertEq(address(desk.financing(id).collateral), address(orders));
        }
        IFinancingDesk.Financing memory after_ = desk.financing(id);
        assertEq(desk.owedInAll(id), owed, "one debt");
        assertEq(after_.principal, before.principal, "one principal");
        assertEq(after_.accruedNumerator, before.accruedNumerator, "one accrual");
        assertEq(after_.accruedAt, before.accruedAt, "since when it was");
    }

    function payInvoice(uint256 seed, uint256 amount) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        ReceivableId id = ReceivableId.wrap(its.invoice);
        uint256 left = its.invoiced ? receivables.outstanding(id) : 0;
        if (left == 0) return;
        amount = bound(amount, 1, left);
        uint256 held = receivables.balanceOf(address(invoices), its.invoice);
        _issue(euro, debtor, amount);
        _watchMoney(its);
        vm.prank(debtor);
        receivables.pay(id, amount);
        if (held != 0) desk.financing(its.financing).collateral.forward(its.financing);
        _bookMoney(its, held - receivables.balanceOf(address(invoices), its.invoice));
    }

    function repay(uint256 seed, uint256 amount) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        uint256 owed = desk.owedInAll(its.financing);
        if (owed == 0) return;
        amount = bound(amount, 1, owed);
        _issue(euro, supplier, amount);
        vm.prank(supplier);
        assertEq(desk.repay(its.financing, amount), amount);
        assertEq(desk.owedInAll(its.financing), owed - amount);
    }

    function release(uint256 seed) external act {
        if (_lines.length == 0) return;
        Line storage its = _at(seed);
        bool over = desk.owedInAll(its.financing) == 0;
        if (!over || desk.financing(its.financing).state == IFinancingDesk.State.Released) return;
        vm.prank(supplier);
        desk.release(its.financing);
        assertEq(FinancingId.unwrap(desk.financingOf(its.subject)), 0);
        assertEq(receivables.balanceOf(address(invoices), its.invoice), 0);
        assertEq(escrow.assigneeOf(OrderId.wrap(its.order)), address(0));
    }

    function wait_(uint256 time) external act {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1 hours, 4 days));
    }

    // Checks

    /// @dev Of every line at most one paper is worth anything, and after a handover it is the invoice.
    function checkPapers() external {
        vm.warp(_clock);
        for (uint256 i; i < _lines.length; ++i) {
            Line storage its = _lines[i];
            uint256 onOrder = orders.borrowingBase(its.financing) + orders.valueOf(its.financing);
            uint256 onInvoice = invoices.borrowingBase(its.financing) + invoices.valueOf(its.financing);
            assertEq(its.handedOver ? onOrder : onInvoice, 0, "two papers of the same goods");
            ICollateral present = desk.financing(its.financing).collateral;
            assertEq(address(present), its.handedOver ? address(invoices) : address(orders));
            assertEq(desk.earlierCollateral(its.financing).length, its.handedOver ? 1 : 0);
        }
    }

    /// @dev What was paid on either paper went to the debt, to the supplier, or waits with an adapter.
    function checkProceeds() external view {
        for (uint256 i; i < _lines.length; ++i) {
            Line storage its = _lines[i];
            uint256 waiting = orders.cashOf(its.financing) + invoices.cashOf(its.financing);
            assertEq(its.cameIn, its.toDebt + its.toSupplier + waiting);
        }
    }

    function checkCash() external view {
        uint256 held = euro.balanceOf(address(pool)) + euro.balanceOf(address(desk)) + euro.balanceOf(address(escrow))
            + euro.balanceOf(address(receivables)) + euro.balanceOf(address(invoices)) + euro.balanceOf(address(orders))
            + euro.balanceOf(address(reserve)) + euro.balanceOf(supplier) + euro.balanceOf(debtor);
        held += euro.balanceOf(cobalt) + euro.balanceOf(granite) + euro.balanceOf(treasury);
        assertEq(held, euro.totalSupply());
    }

    function checkHealth() external {
        vm.warp(_clock);
        (bool healthy, string memory broken, uint256 subject) = health.check();
        assertTrue(healthy, string.concat(broken, " ", vm.toString(subject)));
    }

    // The books of a payment

    uint256 private _owedBefore;
    uint256 private _cashBefore;
    bool private _assigned;

    function _watchMoney(Line storage its) private {
        _assigned = desk.financing(its.financing).state != IFinancingDesk.State.Released;
        (_owedBefore, _cashBefore) = (desk.owedInAll(its.financing), euro.balanceOf(supplier));
    }

    /// @param amount minor units that came in on a paper in custody
    function _bookMoney(Line storage its, uint256 amount) private {
        if (!_assigned) return;
        its.cameIn += amount;
        its.toDebt += _owedBefore - desk.owedInAll(its.financing);
        // What units of the invoice that are not in custody bring waits with the token for their holder.
        its.toSupplier += euro.balanceOf(supplier) - _cashBefore;
    }

    function _at(uint256 seed) private view returns (Line storage) {
        return _lines[seed % _lines.length];
    }
}
