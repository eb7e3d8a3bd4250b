// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {StockBase} from "./StockBase.sol";

/// @title A supplier, two buyers, the lender, feeds, warehouse and strangers act on goods that back financings, at random.
/// What must hold of an act itself is noted as a fault; ghost totals say what was paid and what left for it.
abstract contract GoodsHandler is StockBase {
    uint256 internal constant LOTS = 4;
    uint256 internal constant MOST_OPENED = 12;

    LotId[] internal all;
    bytes32[] internal subjects;
    FinancingId[] internal opened;
    string public fault;

    // Ghost totals of payments against goods, minor units
    mapping(FinancingId => uint256) internal freed;
    mapping(FinancingId => uint256) internal left;
    mapping(FinancingId => uint256) internal deadlineOf;
    mapping(LotId => uint256) internal mintedOf;
    mapping(LotId => uint256) internal goneOf;
    IGoodsRights.ReleaseOrder[] internal orders_;
    uint32 private _exits;
    uint256 private _clock;

    /// @dev Time stands where it was left; afterwards every financing is looked at.
    modifier act() {
        vm.warp(_clock);
        _;
        _clock = vm.getBlockTimestamp();
    }

    function _arrange() internal {
        (all, subjects) = (new LotId[](0), new bytes32[](0));
        bytes32[4] memory names = [SHIPMENT, SHIPMENT, OTHER_SHIPMENT, keccak256("a third")];
        vm.prank(supplier);
        oracle.openSubject(names[3], new bytes32[](0));
        LotId[4] memory ids = [LOT, SECOND, OTHER, LotId.wrap(4714)];
        for (uint32 i; i < LOTS; ++i) {
            (LotId lot, bytes32 subject) = (ids[i], names[i]);
            all.push(lot);
            subjects.push(subject);
            if (i != 0) _store(lot, subject, i == 1 ? 2 : 1);
            mintedOf[lot] = KILOS;
            valuation.enrol(lot);
        }
        _feed(TEMPERATURE, names[3], COOL);
        lots.listGrader(address(this), true);
        _fundAndApprove(supplier, 1_000_000_000, address(stock));
        _fundAndApprove(supplier, 1_000_000_000, address(desk));
        _fundAndApprove(buyer, 10_000_000_000, address(stock));
        _clock = vm.getBlockTimestamp();
    }

    // Financings

    function open(uint256 seed, uint256 quantity) external act {
        uint256 i = seed % LOTS;
        if (opened.length == MOST_OPENED || FinancingId.unwrap(desk.financingOf(subjects[i])) != 0) return;
        if (_free(all[i]) == 0) return;
        FinancingId id = _openStock(all[i], bound(quantity, 1, _free(all[i])), subjects[i]);
        opened.push(id);
        if (_owed(id) > stock.borrowingBase(id)) fault = "a first draw left more owed than the base";
    }

    function draw(uint256 seed) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        uint256 drawn = desk.poke(id);
        if (drawn != 0 && _owed(id) > stock.borrowingBase(id)) fault = "a draw left more owed than the base";
    }

    function repay(uint256 seed, uint256 amount) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        uint256 owed = _owed(id);
        if (owed == 0) return;
        amount = bound(amount, 1, owed);
        vm.prank(supplier);
        desk.repay(id, amount);
    }

    function release(uint256 seed) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        if (_state(id) == IFinancingDesk.State.Released) return;
        vm.prank(supplier);
        try desk.release(id) {
            if (_owed(id) != 0) fault = "goods went back though something was owed";
        } catch (bytes memory reason) {
            bool honest = _is(reason, IFinancingDesk.StillOwed.selector)
                || _is(reason, IInventoryCollateral.GoodsLeaving.selector);
            if (!honest) fault = "a release failed for no good reason";
        }
    }

    // Goods

    function add(uint256 seed, uint256 lotSeed, uint256 quantity) external act {
        LotId lot = all[lotSeed % LOTS];
        if (opened.length == 0 || _free(lot) == 0) return;
        FinancingId id = _pick(seed);
        quantity = bound(quantity, 1, _free(lot));
        vm.prank(supplier);
        try stock.addGoods(id, lot, quantity) {} catch {}
    }

    function substitute(uint256 seed, uint256 heldSeed, uint256 offeredSeed, uint256 quantity) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        (LotId held, LotId offered) = (all[heldSeed % LOTS], all[offeredSeed % LOTS]);
        quantity = bound(quantity, 1, KILOS);
        IInventoryCollateral.Worth memory before = stock.worthOf(id);
        vm.prank(supplier);
        try stock.substituteGoods(id, held, quantity, offered, quantity) {
            IInventoryCollateral.Worth memory worth = stock.worthOf(id);
            if (worth.value < before.callValue) fault = "a substitute was worth less";
        } catch {}
    }

    function payAndRelease(uint256 seed, uint256 lotSeed, uint256 amount, uint256 quantity) external act {
        if (opened.length == 0) return;
        (FinancingId id, LotId lot) = (_pick(seed), all[lotSeed % LOTS]);
        (amount, quantity) = (bound(amount, 1, 5_000_000), bound(quantity, 1, KILOS));
        uint256 before = stock.worthOf(id).callValue;
        vm.prank(supplier);
        try stock.payAndRelease(id, amount, lot, quantity) returns (uint256 toPool) {
            (freed[id], left[id]) = (freed[id] + toPool, left[id] + before - stock.worthOf(id).callValue);
            if (_owed(id) > stock.borrowingBase(id)) fault = "goods left that were needed";
        } catch {}
    }

    function sell(uint256 seed, uint256 lotSeed, uint256 quantity, uint256 price) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        IInventoryCollateral.Offer memory offer = IInventoryCollateral.Offer(
            id, all[lotSeed % LOTS], bound(quantity, 1, KILOS), bound(price, 1, 30_000_000), buyer, uint40(_clock)
        );
        vm.prank(supplier);
        try stock.offerGoods(offer) {}
        catch {
            return;
        }
        (uint256 before, uint256 cash) = (stock.worthOf(id).callValue, _owed(id));
        vm.prank(buyer);
        try stock.buyGoods(offer) {
            cash -= _owed(id);
            if (_owed(id) != 0) {
                (freed[id], left[id]) = (freed[id] + cash, left[id] + before - stock.worthOf(id).callValue);
            }
            if (_owed(id) > stock.borrowingBase(id)) fault = "a sale left more owed than is borne";
        } catch {}
    }

    // Exits

    function order(uint256 seed, uint256 lotSeed, uint256 quantity) external act {
        if (opened.length == 0) return;
        (FinancingId id, LotId lot) = (_pick(seed), all[lotSeed % LOTS]);
        IGoodsRights.ReleaseOrder memory one = IGoodsRights.ReleaseOrder({
            id: lot,
            quantity: bound(quantity, 1, KILOS),
            beneficiary: supplier,
            holder: address(stock),
            to: buyer,
            subject: subjects[lotSeed % LOTS],
            sequence: ++_exits,
            deadline: _clock + 1 days,
            nonce: lots.nonces(supplier)
        });
        bytes32 digest = lots.releaseOrderDigest(one);
        vm.prank(supplier);
        lots.approveDigest(digest, true);
        try stock.orderRelease(id, one, "", address(this), "") {
            orders_.push(one);
            if (_owed(id) > stock.borrowingBase(id)) fault = "goods were ordered away that were needed";
        } catch {}
    }

    function leave(uint256 part) external act {
        if (orders_.length == 0) return;
        IGoodsRights.ReleaseOrder memory one = orders_[orders_.length - 1];
        orders_.pop();
        uint256 quantity = bound(part, 1, one.quantity);
        _fact(warehouse, inspector, one.subject, Milestones.RELEASED, one.sequence, uint64(quantity));
        lots.confirmRelease(one);
        goneOf[one.id] += quantity;
    }

    function lapse() external act {
        if (orders_.length == 0) return;
        IGoodsRights.ReleaseOrder memory one = orders_[orders_.length - 1];
        if (_clock <= one.deadline) return;
        orders_.pop();
        lots.lapseRelease(one);
    }

    // Margin

    function callMargin(uint256 seed) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        IInventoryCollateral.Worth memory worth = stock.worthOf(id);
        uint256 owed = _owed(id);
        try stock.callMargin(id) returns (uint256 deadline) {
            deadlineOf[id] = deadline;
            if (owed * 10_000 <= worth.callValue * 8000) fault = "margin was called without need";
            if (worth.gap > IGoodsValuation.Gap.Condition) fault = "margin was called without a price";
        } catch {}
    }

    function endCall(uint256 seed) external act {
        if (opened.length == 0) return;
        try stock.endCall(_pick(seed)) {} catch {}
    }

    function startSale(uint256 seed) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        try stock.startSale(id) {
            if (_clock < deadlineOf[id]) fault = "a sale began before the deadline";
        } catch {}
    }

    function bid(uint256 seed, uint256 lotSeed, uint256 quantity) external act {
        if (opened.length == 0) return;
        (FinancingId id, LotId lot) = (_pick(seed), all[lotSeed % LOTS]);
        (uint256 owed, uint256 cash, uint256 own) = (_owed(id), euro.balanceOf(buyer), euro.balanceOf(supplier));
        quantity = bound(quantity, 1, KILOS);
        vm.prank(buyer);
        try stock.bid(id, lot, quantity, type(uint256).max) returns (uint256 price) {
            if (_clock < deadlineOf[id]) fault = "goods were sold before the deadline";
            if (cash - euro.balanceOf(buyer) != price) fault = "a bid cost another price";
            uint256 surplus = euro.balanceOf(supplier) - own;
            if (price - surplus != owed - _owed(id)) fault = "a bid's price went elsewhere";
            if (surplus != 0 && _owed(id) != 0) fault = "the owner was paid before the lender";
        } catch {}
    }

    // News and time

    function news(uint256 price, uint256 warmth) external act {
        int256 temperature = int256(bound(warmth, 10_000, 34_000));
        _feed(COFFEE_PRICE, 0, int256(bound(price, 60, 260)));
        for (uint256 i = 1; i < LOTS; ++i) {
            _feed(TEMPERATURE, subjects[i], temperature);
        }
    }

    function priceOnly(uint256 price) external act {
        _feed(COFFEE_PRICE, 0, int256(bound(price, 60, 260)));
    }

    function worsen(uint256 lotSeed, uint256 condition) external act {
        LotId lot = all[lotSeed % LOTS];
        uint8 now_ = lots.goods(lot).condition;
        if (now_ >= 3) return;
        if (lots.stock(lot).state != ILots.State.Live) return;
        lots.lowerCondition(lot, uint8(bound(condition, now_ + 1, 3)));
    }

    function elapse(uint256 elapsed) external act {
        vm.warp(_clock + bound(elapsed, 1 hours, 14 hours));
    }

    /// @dev A minor unit of repayment, which may keep nothing from its end.
    function dust(uint256 seed) external act {
        if (opened.length == 0) return;
        FinancingId id = _pick(seed);
        if (_owed(id) == 0) return;
        vm.prank(supplier);
        desk.repay(id, 1);
    }

    // Internals

    function _pick(uint256 seed) internal view returns (FinancingId) {
        return opened[seed % opened.length];
    }

    function _is(bytes memory reason, bytes4 selector) private pure returns (bool) {
        return reason.length >= 4 && bytes4(reason) == selector;
    }
}
