// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId} from "../../../contracts/types/Ids.sol";
import {GoodsActs} from "./GoodsActs.sol";

/// @title What must be refused, at whatever point of a line.
abstract contract RefusedActs is GoodsActs {
    uint256 private _others;

    /// @dev Goods that are financed are financed by nobody else, whoever of the two asks, on whichever paper.
    function _pledgeTwice(Line storage its) internal returns (bool) {
        if (!_hasLoan(its)) return false;
        FacilityId other = plain[_sellerIndex(its)][1 - its.source];
        uint256 order = OrderId.unwrap(its.order);
        uint256 free = booked[its.lot][its.seller].free;
        _openRefused(its.seller, other, orders, order, its.value, its.subject);
        _openRefused(its.seller, other, stock, LotId.unwrap(its.lot), free == 0 ? 1 : free, its.subject);
        _openRefused(its.seller, other, invoices, _invoiceOf(its), its.value, its.subject);
        _openRefused(supplier, earmarked[1 - its.source], purchases, order, its.value, its.subject);
        _count("pledgeTwice");
        return true;
    }

    function _openRefused(address who, FacilityId by, ICollateral on, uint256 item, uint256 units, bytes32 subject)
        private
    {
        _refuse(who, address(desk), abi.encodeCall(desk.openFinancing, (by, on, item, units, subject)));
    }

    /// @dev Neither passed on nor carried off without the lender, nor sold by another custodian.
    function _takePledged(Line storage its, uint256 which) internal returns (bool) {
        (LotId lot, Holding storage own, bool found) = _pledgedLot(its, which);
        if (!found) return false;
        address owner = loanOf[its.financing].supplier;
        (uint256 more, uint256 id) = (own.free + 1, LotId.unwrap(lot));
        _refuse(owner, address(lots), abi.encodeCall(lots.transferTitle, (lot, debtors[0], more)));
        _refuse(owner, address(lots), abi.encodeCall(lots.safeTransferFrom, (owner, debtors[0], id, more, "")));
        _refuse(
            address(escrow), address(lots), abi.encodeCall(lots.sellFromCustody, (lot, owner, debtors[0], own.pledged))
        );
        IGoodsRights.ReleaseOrder memory one = _exitOf(lot, owner, address(stock), own.pledged);
        _refuse(owner, address(lots), abi.encodeCall(lots.orderRelease, (one, "", "")));
        (one.holder, one.quantity) = (owner, more);
        _refuse(owner, address(lots), abi.encodeCall(lots.orderRelease, (one, "", "")));
        _count("takePledged");
        return true;
    }

    function _drawOnNothing(Line storage its) internal returns (bool) {
        if (!_hasLoan(its)) return false;
        (uint256 base, uint256 available) = desk.availability(its.financing);
        if (base != 0) return false;
        assertEq(available, 0, "available on nothing");
        assertEq(desk.poke(its.financing), 0, "drawn on nothing");
        _count("drawOnNothing");
        return true;
    }

    /// @dev An order that is over takes nothing, pays nothing and comes back by no way.
    function _useEndedOrder(Line storage its) internal returns (bool) {
        IOrderEscrow.State state = _orderOf(its).state;
        if (state == IOrderEscrow.State.Accepted) return false;
        _give(its.buyer, 1);
        _refuse(its.buyer, address(escrow), abi.encodeCall(escrow.fund, (its.order, 1)));
        _refuse(its.buyer, address(escrow), abi.encodeCall(escrow.settle, (its.order)));
        _refuse(its.buyer, address(escrow), abi.encodeCall(escrow.refund, (its.order)));
        if (escrow.refundOf(its.order, its.buyer) == 0) {
            _refuse(its.buyer, address(escrow), abi.encodeCall(escrow.claimRefund, (its.order, its.buyer)));
        }
        _count("useEndedOrder");
        return true;
    }

    /// @dev What is assigned is nobody's to split, and one consignment earns one order.
    function _earnTwice(Line storage its) internal returns (bool) {
        IOrderEscrow.Order memory order = _orderOf(its);
        if (order.flags & 3 != 0) {
            _refuse(its.seller, address(escrow), abi.encodeCall(escrow.agreeSplit, (its.order, 0)));
        }
        IOrderEscrow.OrderTerms memory terms = _termsOf(
            OrderId.wrap(900 + _others++), its.buyer, its.subject, 1000, 0, vm.getBlockTimestamp() / 1 days + 5
        );
        if (deliveries[_number()].length != 0) {
            _refuse(its.seller, address(escrow), abi.encodeCall(escrow.registerOrder, (terms)));
            return true;
        }
        vm.prank(its.seller);
        escrow.registerOrder(terms);
        bytes32 hash = escrow.termsHashOf(terms.id);
        _refuse(its.buyer, address(escrow), abi.encodeCall(escrow.acceptOrder, (terms.id, hash)));
        _count("earnTwice");
        return true;
    }

    /// @dev Nothing goes back while something is owed; no paper takes its own place; nobody else tells the desk of money.
    function _leaveDebt(Line storage its) internal returns (bool) {
        FinancingId id = its.financing;
        if (!_hasLoan(its) || _owed(id) == 0) return false;
        address who = loanOf[id].supplier;
        IFinancingDesk.Financing memory loan = desk.financing(id);
        _refuse(who, address(desk), abi.encodeCall(desk.release, (id)));
        _refuse(
            who,
            address(desk),
            abi.encodeCall(desk.handOver, (id, loan.collateral, loan.itemId, 1, its.subject, address(0)))
        );
        _refuse(who, address(desk), abi.encodeCall(desk.applyProceeds, (id, 1)));
        _refuse(who, address(loan.collateral), abi.encodeCall(ICollateral.release, (id, who)));
        _count("leaveDebt");
        return true;
    }

    function _invoiceTwice(Line storage its) internal returns (bool) {
        if (!its.hasInvoice) return false;
        uint256 due = vm.getBlockTimestamp() / 1 days + 30;
        IReceivableToken.RegisterTerms memory terms =
            IReceivableToken.RegisterTerms(its.invoice, its.buyer, "EUR", its.invoiced, KILOS, due, 0);
        _refuse(its.seller, address(receivables), abi.encodeCall(receivables.register, (terms)));
        if (its.isMatched) {
            _refuse(its.seller, address(matching), abi.encodeCall(matching.link, (its.order, its.invoice)));
        }
        _count("invoiceTwice");
        return true;
    }

    function _leaveTwice(uint256 seed) internal returns (bool) {
        if (exits.length == 0) return false;
        Exit storage its = exits[seed % exits.length];
        // Of one that is open nobody has seen yet that it left.
        _refuse(address(this), address(lots), abi.encodeCall(lots.confirmRelease, (its.order)));
        if (!its.isOpen) _refuse(address(this), address(lots), abi.encodeCall(lots.lapseRelease, (its.order)));
        _count("leaveTwice");
        return true;
    }
}
