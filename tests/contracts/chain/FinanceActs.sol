// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IDrawPurposes} from "../../../contracts/lending/interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {TradeActs} from "./TradeActs.sol";

/// @title What suppliers and lenders do: financings on orders, purchases, goods and invoices, from one paper to the next,
/// draws, payments, defaults and releases.
abstract contract FinanceActs is TradeActs {
    // Opening

    function _open(Line storage its, uint256 on, uint256 units) internal returns (bool) {
        if (_hasLoan(its)) return false;
        on %= 4;
        if (on == 0) return _openOnOrder(its);
        if (on == 1) return _openOnPurchase(its);
        if (on == 2) return _openOnLot(its, units);
        return _openOnInvoice(its);
    }

    function _openOnOrder(Line storage its) internal returns (bool) {
        uint256 units = _isAccepted(its) ? escrow.outstanding(its.order) : 0;
        if (units == 0 || units < its.value / 64 + 1) return false;
        _take(its, Paper.Order, orders, OrderId.unwrap(its.order), units);
        _count("openOnOrder");
        return true;
    }

    /// @dev Of the buyer, who says at once that the money is for the order.
    function _openOnPurchase(Line storage its) internal returns (bool) {
        if (!its.isPurchase || !_isAccepted(its)) return false;
        uint256 order = OrderId.unwrap(its.order);
        vm.prank(its.buyer);
        FinancingId id = desk.openFinancing(earmarked[its.source], purchases, order, its.value, its.subject);
        _noteLoan(id, Paper.Purchase, its.buyer);
        vm.prank(its.buyer);
        purposes.setPurpose(id, IDrawPurposes.Kind.Purchase, order, its.value);
        desk.poke(id);
        _count("openOnPurchase");
        return true;
    }

    function _openOnLot(Line storage its, uint256 units) internal returns (bool) {
        Holding storage own = booked[its.lot][its.seller];
        if (own.free == 0) return false;
        units = _bound(units, own.free / 2 + 1, own.free);
        _take(its, Paper.Lot, stock, LotId.unwrap(its.lot), units);
        _pledge(its.financing, its.lot, its.seller, units);
        _count("openOnLot");
        return true;
    }

    function _openOnInvoice(Line storage its) internal returns (bool) {
        uint256 units = its.hasInvoice ? receivables.outstanding(its.invoice) : 0;
        if (units == 0 || units < its.invoiced / 64 + 1 || !_isPledgeable(its)) return false;
        _take(its, Paper.Invoice, invoices, _invoiceOf(its), units);
        _count("openOnInvoice");
        return true;
    }

    function _take(Line storage its, Paper paper, ICollateral on, uint256 item, uint256 units) private {
        FacilityId line_ = plain[_sellerIndex(its)][its.source];
        vm.prank(its.seller);
        FinancingId id = desk.openFinancing(line_, on, item, units, its.subject);
        _noteLoan(id, paper, its.seller);
    }

    function _pledge(FinancingId id, LotId lot, address owner, uint256 units) internal {
        Holding storage own = booked[lot][owner];
        (own.free, own.pledged) = (own.free - units, own.pledged + units);
        LotId[] storage all = loanOf[id].lots;
        for (uint256 i; i < all.length; ++i) {
            if (LotId.unwrap(all[i]) == LotId.unwrap(lot)) return;
        }
        all.push(lot);
    }

    function _invoiceOf(Line storage its) internal view returns (uint256) {
        return ReceivableId.unwrap(its.invoice);
    }

    // From one paper to the next

    /// @dev The debt is the same afterwards, and borne; or it is refused because it would not be.
    function _handToLot(Line storage its, uint256 units) internal returns (bool) {
        Holding storage own = booked[its.lot][its.seller];
        if (_paperOf(its) != Paper.Order || own.free == 0 || !_mayHandOver(its)) return false;
        units = _bound(units, own.free / 2 + 1, own.free);
        if (!_handOver(its, stock, LotId.unwrap(its.lot), units, its.subject, address(0))) return true;
        _pledge(its.financing, its.lot, its.seller, units);
        loanOf[its.financing].paper = Paper.Lot;
        _count("handToLot");
        return true;
    }

    /// @dev Goods that were in custody go to who owes the invoice.
    function _handToInvoice(Line storage its) internal returns (bool) {
        Paper paper = _paperOf(its);
        uint256 units = its.hasInvoice ? receivables.outstanding(its.invoice) : 0;
        if (paper != Paper.Order && paper != Paper.Lot) return false;
        if (loanOf[its.financing].supplier != its.seller || units < its.invoiced / 64 + 1) return false;
        if (!_mayHandOver(its) || !_isPledgeable(its) || _asideOf(its.financing) != 0) return false;
        address recipient = paper == Paper.Lot ? its.buyer : address(0);
        if (!_handOver(its, invoices, _invoiceOf(its), units, its.subject, recipient)) return true;
        if (paper == Paper.Lot) _passAll(its.financing, recipient);
        loanOf[its.financing].paper = Paper.Invoice;
        if (!its.isMatched && _isAccepted(its) && escrow.unfunded(its.order) >= its.invoiced) {
            _match(its);
            invoices.recheck(_invoiceOf(its));
        }
        _count(paper == Paper.Lot ? "lotToInvoice" : "orderToInvoice");
        return true;
    }

    /// @dev An invoice that is matched with no order goes with the goods of one that has not ended.
    function _isPledgeable(Line storage its) private view returns (bool) {
        return its.isMatched || _isAccepted(its) || _orderOf(its).state == IOrderEscrow.State.Disputed;
    }

    /// @dev The lender's goods for the lender's money, in one call; the price of all that the seller has of them.
    function _takeDelivery(Line storage its, uint256 price) internal returns (bool) {
        IOrderEscrow.Order memory order = _orderOf(its);
        uint256 units = booked[its.lot][its.seller].free;
        if (_paperOf(its) != Paper.Purchase || order.held == 0 || units == 0 || !_mayHandOver(its)) return false;
        if (lots.stock(its.lot).inCustody != 0) return false;
        if (order.state != IOrderEscrow.State.Accepted) return false;
        price = _bound(price, order.held / 2 + 1, order.held);
        IOrderEscrow.Delivery memory delivery = _offer(its, units, price);
        vm.prank(its.buyer);
        try purchases.takeDelivery(its.financing, delivery, stock, its.subject) {
            its.agreed += price;
            booked[its.lot][its.seller].free = 0;
            booked[its.lot][its.buyer].free += units;
            _pledge(its.financing, its.lot, its.buyer, units);
            loanOf[its.financing].paper = Paper.Lot;
            _count("takeDelivery");
        } catch (bytes memory reason) {
            assertTrue(_is(reason, IFinancingDesk.HandoverUncovered.selector, 0), "another reason");
            vm.prank(its.seller);
            escrow.offerDelivery(delivery, false);
        }
        return true;
    }

    function _mayHandOver(Line storage its) private view returns (bool) {
        IFinancingDesk.Financing memory loan = desk.financing(its.financing);
        bool inTime = vm.getBlockTimestamp() < (uint256(loan.maturityDay) + 1) * 1 days;
        return loan.state == IFinancingDesk.State.Open && loan.impairment == 0 && inTime;
    }

    function _handOver(Line storage its, ICollateral to, uint256 item, uint256 units, bytes32 subject, address to_)
        private
        returns (bool)
    {
        FinancingId id = its.financing;
        (uint256 owed, uint256 interest) = (_owed(id), desk.owed(id).interest);
        vm.prank(loanOf[id].supplier);
        try desk.handOver(id, to, item, units, subject, to_) {
            assertLe(owed, to.borrowingBase(id), "borne by the new paper");
            assertEq(_owed(id), owed, "the same debt");
            assertEq(desk.owed(id).interest, interest, "one accrual");
            return true;
        } catch (bytes memory reason) {
            assertTrue(_is(reason, IFinancingDesk.HandoverUncovered.selector, 0), "another reason");
            _count("handoverRefused");
            return false;
        }
    }

    /// @dev All that is pledged goes with its title.
    function _passAll(FinancingId id, address to) internal {
        Loan storage its = loanOf[id];
        for (uint256 i; i < its.lots.length; ++i) {
            Holding storage own = booked[its.lots[i]][its.supplier];
            booked[its.lots[i]][to].free += own.pledged;
            own.pledged = 0;
        }
        delete its.lots;
    }

    function _asideOf(FinancingId id) internal view returns (uint256 units) {
        Loan storage its = loanOf[id];
        for (uint256 i; i < its.lots.length; ++i) {
            units += booked[its.lots[i]][its.supplier].pledgedAside;
        }
    }

    // Money

    /// @dev A second one at the same moment brings nothing: what a fact is worth is paid once.
    function _poke(Line storage its) internal returns (bool) {
        if (!_hasLoan(its)) return false;
        desk.poke(its.financing);
        assertEq(desk.poke(its.financing), 0, "drawn twice");
        return true;
    }

    function _repay(Line storage its, uint256 amount) internal returns (bool) {
        uint256 owed = _hasLoan(its) ? _owed(its.financing) : 0;
        if (owed == 0) return false;
        amount = _bound(amount, 1, owed);
        address payer = loanOf[its.financing].supplier;
        _give(payer, amount);
        vm.prank(payer);
        assertEq(desk.repay(its.financing, amount), amount, "any payment up to the debt");
        assertEq(_owed(its.financing), owed - amount, "all of it counts");
        _count("repay");
        return true;
    }

    /// @dev Of every paper that there has been.
    function _forward(Line storage its) internal returns (bool) {
        if (!_hasLoan(its)) return false;
        desk.financing(its.financing).collateral.forward(its.financing);
        ICollateral[] memory earlier = desk.earlierCollateral(its.financing);
        for (uint256 i; i < earlier.length; ++i) {
            earlier[i].forward(its.financing);
        }
        return true;
    }

    function _default(Line storage its) internal returns (bool) {
        if (!_hasLoan(its) || _owed(its.financing) == 0) return false;
        (, uint256 overdueFrom) = desk.maturityOf(its.financing);
        IFinancingDesk.Financing memory loan = desk.financing(its.financing);
        if (loan.state != IFinancingDesk.State.Open || vm.getBlockTimestamp() < overdueFrom) return false;
        desk.declareDefault(its.financing, loan.principal / 2);
        _count("default");
        return true;
    }

    /// @dev Goods on their way out stay until they are gone; then what is left goes back to who owns it.
    function _release(Line storage its) internal returns (bool) {
        FinancingId id = its.financing;
        if (!_hasLoan(its) || _owed(id) != 0) return false;
        address owner = loanOf[id].supplier;
        if (loanOf[id].paper == Paper.Lot && _asideOf(id) != 0) {
            bytes memory data = abi.encodeCall(desk.release, (id));
            vm.prank(owner);
            (bool taken, bytes memory reason) = address(desk).call(data);
            assertTrue(!taken && _is(reason, IInventoryCollateral.GoodsLeaving.selector, 0), "goods are leaving");
            return true;
        }
        vm.prank(owner);
        desk.release(id);
        _passAll(id, owner);
        loanOf[id].isOver = true;
        its.financing = FinancingId.wrap(0);
        _count("release");
        return true;
    }
}
