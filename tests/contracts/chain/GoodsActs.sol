// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {FinanceActs} from "./FinanceActs.sol";

/// @title What becomes of goods in the warehouse: prices and readings, margin calls and their cure, sales by their owner and
/// against its will, and exits.
abstract contract GoodsActs is FinanceActs {
    struct Exit {
        IGoodsRights.ReleaseOrder order;
        uint256 line;
        bool isOpen;
    }

    Exit[] internal exits;

    // News

    function _report(uint256 price, uint256 warmth) internal {
        _feed(COFFEE_PRICE, 0, int256(price));
        for (uint256 i; i < stored.length; ++i) {
            _feed(TEMPERATURE, lots.subjectOf(stored[i]), int256(warmth));
        }
        _count("news");
    }

    // Cure: goods, payment

    /// @dev Acme's spare lot, which backs one financing at a time.
    function _add(Line storage its, uint256 units) internal returns (bool) {
        Holding storage own = booked[LOT][supplier];
        if (_paperOf(its) != Paper.Lot || loanOf[its.financing].supplier != supplier || own.free == 0) return false;
        units = _bound(units, own.free / 4 + 1, own.free);
        vm.prank(supplier);
        try stock.addGoods(its.financing, LOT, units) {
            assertTrue(own.pledged + own.pledgedAside == 0 || _lists(its.financing, LOT), "goods of another financing");
            _pledge(its.financing, LOT, supplier, units);
            _count("add");
        } catch (bytes memory reason) {
            bool known = _is(
                reason, IInventoryCollateral.SaleRunning.selector, IMilestoneOracle.SubjectAlreadyWatched.selector
            )
            || _is(
                reason, IInventoryCollateral.GoodsUnvaluable.selector, IInventoryCollateral.GoodsAlreadyHeld.selector
            );
            assertTrue(known, "another reason");
        }
        return true;
    }

    function _payAndRelease(Line storage its, uint256 amount, uint256 units, uint256 which) internal returns (bool) {
        (LotId lot, Holding storage own, bool found) = _pledgedLot(its, which);
        if (!found) return false;
        (amount, units) = (_bound(amount, 10_000, 4_000_000), _bound(units, 1, own.pledged / 4 + 1));
        address owner = loanOf[its.financing].supplier;
        _give(owner, amount);
        vm.prank(owner);
        try stock.payAndRelease(its.financing, amount, lot, units) {
            (own.pledged, own.free) = (own.pledged - units, own.free + units);
            assertLe(_owed(its.financing), stock.borrowingBase(its.financing), "goods left that were needed");
            _count("payAndRelease");
        } catch (bytes memory reason) {
            bool known = _is(
                reason,
                IInventoryCollateral.ReleaseExceedsPayment.selector,
                IInventoryCollateral.GoodsUncovered.selector
            ) || _is(reason, IInventoryCollateral.GoodsUnvaluable.selector, IInventoryCollateral.LotNotPledged.selector);
            assertTrue(known, "another reason");
        }
        return true;
    }

    // Sales

    function _sell(Line storage its, uint256 units, uint256 price, uint256 which) internal returns (bool) {
        (LotId lot, Holding storage own, bool found) = _pledgedLot(its, which);
        if (!found || !_lists(its.financing, lot)) return false;
        (units, price) = (_bound(units, 1, own.pledged), _bound(price, 1, 25_000_000));
        address to = debtors[0];
        IInventoryCollateral.Offer memory offer =
            IInventoryCollateral.Offer(its.financing, lot, units, price, to, uint40(vm.getBlockTimestamp()));
        _give(to, price);
        vm.prank(loanOf[its.financing].supplier);
        stock.offerGoods(offer);
        vm.prank(to);
        try stock.buyGoods(offer) {
            (own.pledged, booked[lot][to].free) = (own.pledged - units, booked[lot][to].free + units);
            assertLe(_owed(its.financing), stock.borrowingBase(its.financing), "a sale left more owed than is borne");
            _count("sell");
        } catch (bytes memory reason) {
            bool known = _is(
                reason,
                IInventoryCollateral.GoodsUncovered.selector,
                IInventoryCollateral.ReleaseExceedsPayment.selector
            ) || _is(reason, IInventoryCollateral.GoodsUnvaluable.selector, 0);
            assertTrue(known, "another reason");
        }
        return true;
    }

    function _callMargin(Line storage its) internal returns (bool) {
        if (_paperOf(its) != Paper.Lot) return false;
        try stock.callMargin(its.financing) {
            _count("callMargin");
            return true;
        } catch {
            return false;
        }
    }

    function _endCall(Line storage its) internal returns (bool) {
        if (_paperOf(its) != Paper.Lot || stock.marginCallOf(its.financing).deadline == 0) return false;
        try stock.endCall(its.financing) {
            _count("endCall");
            return true;
        } catch (bytes memory reason) {
            assertTrue(_is(reason, IInventoryCollateral.MarginCallUncured.selector, 0), "another reason");
            return false;
        }
    }

    function _startSale(Line storage its) internal returns (bool) {
        if (_paperOf(its) != Paper.Lot) return false;
        uint256 deadline = stock.marginCallOf(its.financing).deadline;
        if (deadline == 0) return false;
        try stock.startSale(its.financing) {
            assertGe(vm.getBlockTimestamp(), deadline, "a sale began before the deadline");
            _count("startSale");
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The lender first, its surplus to the owner, and not a minor unit elsewhere.
    function _bid(Line storage its, uint256 units, uint256 which) internal returns (bool) {
        (LotId lot, Holding storage own, bool found) = _pledgedLot(its, which);
        if (!found) return false;
        units = _bound(units, own.pledged / 8 + 1, own.pledged);
        uint256 price = stock.salePriceOf(its.financing, lot, units);
        if (price == 0) return false;
        (uint256 owed, address owner) = (_owed(its.financing), loanOf[its.financing].supplier);
        uint256 had = euro.balanceOf(owner);
        _give(debtors[1], price);
        vm.prank(debtors[1]);
        try stock.bid(its.financing, lot, units, price) {
            loanOf[its.financing].isSold = true;
            (own.pledged, booked[lot][debtors[1]].free) = (own.pledged - units, booked[lot][debtors[1]].free + units);
            assertEq(price, owed - _owed(its.financing) + euro.balanceOf(owner) - had, "a bid's price went elsewhere");
            _count("bid");
        } catch (bytes memory reason) {
            bool known = _is(
                reason, IInventoryCollateral.BidOutOfRange.selector, IInventoryCollateral.BidExceedsDebt.selector
            ) || _is(reason, IInventoryCollateral.LotNotPledged.selector, 0);
            assertTrue(known, "another reason");
        }
        return true;
    }

    // Exits

    /// @dev Of goods in custody with the lender's word; of goods that are free by their owner alone.
    function _orderExit(Line storage its, uint256 units, uint256 which) internal returns (bool) {
        (LotId lot, Holding storage own, bool found) = _pledgedLot(its, which);
        if (found) return _orderPledged(its, lot, own, units);
        address owner = which % 2 == 0 ? its.seller : its.buyer;
        own = booked[its.lot][owner];
        if (own.free == 0) return false;
        units = _bound(units, 1, own.free);
        IGoodsRights.ReleaseOrder memory one = _exitOf(its.lot, owner, owner, units);
        vm.prank(owner);
        lots.orderRelease(one, "", "");
        (own.free, own.freeAside) = (own.free - units, own.freeAside + units);
        exits.push(Exit(one, _number(), true));
        _count("orderFreeExit");
        return true;
    }

    function _orderPledged(Line storage its, LotId lot, Holding storage own, uint256 units) private returns (bool) {
        units = _bound(units, 1, own.pledged);
        address owner = loanOf[its.financing].supplier;
        IGoodsRights.ReleaseOrder memory one = _exitOf(lot, owner, address(stock), units);
        bytes32 digest = lots.releaseOrderDigest(one);
        vm.prank(owner);
        lots.approveDigest(digest, true);
        try stock.orderRelease(its.financing, one, "", address(this), "") {
            assertLe(_owed(its.financing), stock.borrowingBase(its.financing), "goods are leaving that are needed");
            (own.pledged, own.pledgedAside) = (own.pledged - units, own.pledgedAside + units);
            exits.push(Exit(one, _number(), true));
            _count("orderPledgedExit");
        } catch (bytes memory reason) {
            assertTrue(
                _is(reason, IInventoryCollateral.GoodsUncovered.selector, IInventoryCollateral.LotNotPledged.selector)
            );
        }
        return true;
    }

    function _exitOf(LotId lot, address owner, address holder, uint256 units)
        internal
        view
        returns (IGoodsRights.ReleaseOrder memory)
    {
        return IGoodsRights.ReleaseOrder({
            id: lot,
            quantity: units,
            beneficiary: owner,
            holder: holder,
            to: owner,
            subject: lots.subjectOf(lot),
            sequence: uint32(exits.length + 1),
            deadline: vm.getBlockTimestamp() + 1 days,
            nonce: lots.nonces(owner)
        });
    }

    /// @dev What was seen to leave is gone, at most what was ordered; the rest is where it was.
    function _leave(uint256 seed, uint256 seen) internal returns (bool) {
        (uint256 index, bool found) = _openExit(seed);
        if (!found) return false;
        Exit storage its = exits[index];
        _at(its.line);
        IGoodsRights.ReleaseOrder memory one = its.order;
        seen = _bound(seen, 1, one.quantity * 6 / 5 + 1);
        _fact(warehouse, inspector, one.subject, Milestones.RELEASED, one.sequence, uint64(seen));
        lots.confirmRelease(one);
        uint256 left = seen < one.quantity ? seen : one.quantity;
        gone[one.id] += left;
        _putBack(its, one.quantity - left);
        _count("leave");
        return true;
    }

    /// @return waited whether there is an exit whose time had to run out
    function _waitForExit(uint256 seed) internal returns (bool waited) {
        (uint256 index, bool found) = _openExit(seed);
        if (!found || vm.getBlockTimestamp() > exits[index].order.deadline) return false;
        vm.warp(exits[index].order.deadline + 1);
        return true;
    }

    function _lapse(uint256 seed) internal returns (bool) {
        (uint256 index, bool found) = _openExit(seed);
        if (!found || vm.getBlockTimestamp() <= exits[index].order.deadline) return false;
        Exit storage its = exits[index];
        lots.lapseRelease(its.order);
        _putBack(its, its.order.quantity);
        _count("lapse");
        return true;
    }

    function _putBack(Exit storage its, uint256 units) private {
        its.isOpen = false;
        Holding storage own = booked[its.order.id][its.order.beneficiary];
        if (its.order.holder == address(stock)) {
            (own.pledgedAside, own.pledged) = (own.pledgedAside - its.order.quantity, own.pledged + units);
        } else {
            (own.freeAside, own.free) = (own.freeAside - its.order.quantity, own.free + units);
        }
    }

    // Picking

    function _openExit(uint256 seed) private view returns (uint256 index, bool found) {
        for (uint256 i; i < exits.length; ++i) {
            index = (seed % exits.length + i) % exits.length;
            if (exits[index].isOpen) return (index, true);
        }
    }

    /// @return lot one that the line's financing has, with something in custody that is not about to leave
    function _pledgedLot(Line storage its, uint256 which)
        internal
        view
        returns (LotId lot, Holding storage own, bool found)
    {
        own = booked[lot][address(0)];
        if (_paperOf(its) != Paper.Lot) return (lot, own, false);
        Loan storage loan = loanOf[its.financing];
        for (uint256 i; i < loan.lots.length; ++i) {
            lot = loan.lots[(which % loan.lots.length + i) % loan.lots.length];
            own = booked[lot][loan.supplier];
            if (own.pledged != 0) return (lot, own, true);
        }
    }

    function _lists(FinancingId id, LotId lot) internal view returns (bool) {
        LotId[] memory its = stock.lotsOf(id);
        for (uint256 i; i < its.length; ++i) {
            if (LotId.unwrap(its[i]) == LotId.unwrap(lot)) return true;
        }
        return false;
    }
}
