// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {GoodsHandler} from "./GoodsHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract GoodsChecks is GoodsHandler {
    function setUp() public override {
        super.setUp();
        _arrange();
    }

    function checkConservation() external view {
        for (uint256 i; i < LOTS; ++i) {
            ILots.Stock memory its = lots.stock(all[i]);
            IGoodsRights.Position memory own = lots.position(all[i], supplier);
            IGoodsRights.Position memory sold = lots.position(all[i], buyer);
            assertEq(its.received, mintedOf[all[i]], "received");
            assertEq(its.released, goneOf[all[i]], "released");
            uint256 held = uint256(own.pledged) + own.pledgedAside;
            uint256 free = uint256(own.free) + own.freeAside + sold.free;
            assertEq(its.received, its.released + held + free, "received = released + pledged + free");
            assertEq(sold.pledged + sold.pledgedAside, 0, "what was sold is nobody's pledge");
            assertEq(its.inCustody, held);
            assertEq(lots.balanceOf(address(stock), LotId.unwrap(all[i])), held);
        }
    }

    function checkPledgedOnce() external view {
        for (uint256 i; i < LOTS; ++i) {
            IGoodsRights.Position memory own = lots.position(all[i], supplier);
            uint256 backed;
            for (uint256 j; j < opened.length; ++j) {
                if (_lists(opened[j], all[i])) ++backed;
            }
            if (uint256(own.pledged) + own.pledgedAside != 0) assertEq(backed, 1, "goods back one financing");
            assertLe(backed, 1, "a lot is of one financing");
        }
    }

    function checkWatched() external view {
        for (uint256 j; j < opened.length; ++j) {
            LotId[] memory its = stock.lotsOf(opened[j]);
            for (uint256 i; i < its.length; ++i) {
                FinancingId watching = desk.financingOf(lots.subjectOf(its[i]));
                assertEq(FinancingId.unwrap(watching), FinancingId.unwrap(opened[j]), "no other counts these goods");
            }
        }
    }

    function checkFault() external view {
        assertEq(fault, "");
    }

    function checkFreed() external view {
        for (uint256 j; j < opened.length; ++j) {
            uint256 ratio = stock.marginTermsOf(opened[j]).releaseRatioBps;
            assertLe(left[opened[j]] * 10_000, freed[opened[j]] * ratio, "what left was paid for");
        }
    }

    function checkMoney() external view {
        assertEq(euro.balanceOf(address(stock)), 0, "what is paid goes on at once");
        uint256 held = euro.balanceOf(supplier) + euro.balanceOf(buyer) + euro.balanceOf(address(pool))
            + euro.balanceOf(address(desk)) + euro.balanceOf(address(reserve)) + euro.balanceOf(cobalt)
            + euro.balanceOf(granite) + euro.balanceOf(treasury);
        assertEq(held, euro.totalSupply(), "no money comes or goes");
    }

    function checkBase() external view {
        for (uint256 j; j < opened.length; ++j) {
            IInventoryCollateral.Worth memory worth = stock.worthOf(opened[j]);
            uint256 base = stock.borrowingBase(opened[j]);
            if (worth.gap != IGoodsValuation.Gap.None) assertEq(base, 0, "unknown goods bear nothing");
            else assertEq(base, _summed(opened[j]) * RATE / 10_000, "the rate of what they are worth together");
            assertLe(worth.value, worth.callValue);
            assertLe(worth.callValue, worth.marketValue);
        }
    }

    /// @dev By each lot's own figures, less what the present haircuts take of the market value.
    function _summed(FinancingId id) private view returns (uint256 sum) {
        LotId[] memory its = stock.lotsOf(id);
        for (uint256 i; i < its.length; ++i) {
            IGoodsValuation.Valuation memory one = valuation.valuationOf(its[i], supplier, KILOS, "EUR");
            sum += one.marketValue * (10_000 - one.haircutBps) / 10_000;
        }
    }

    function _lists(FinancingId id, LotId lot) private view returns (bool) {
        LotId[] memory its = stock.lotsOf(id);
        for (uint256 i; i < its.length; ++i) {
            if (LotId.unwrap(its[i]) == LotId.unwrap(lot)) return true;
        }
        return false;
    }
}

/// @dev Invariants 36 and 38 to 41, of goods and financings together, with facts and readings through the real oracles.
contract GoodsInvariants is Test {
    GoodsChecks private _handler;

    function setUp() public {
        _handler = new GoodsChecks();
        _handler.setUp();
        targetContract(address(_handler));
        bytes4[] memory acts = new bytes4[](19);
        (acts[0], acts[1], acts[2]) = (_handler.open.selector, _handler.open.selector, _handler.draw.selector);
        (acts[3], acts[4], acts[5]) = (_handler.repay.selector, _handler.release.selector, _handler.add.selector);
        (acts[6], acts[7]) = (_handler.substitute.selector, _handler.payAndRelease.selector);
        (acts[8], acts[9], acts[10]) = (_handler.sell.selector, _handler.order.selector, _handler.leave.selector);
        (acts[11], acts[12], acts[13]) =
        (_handler.lapse.selector, _handler.callMargin.selector, _handler.endCall.selector);
        (acts[14], acts[15], acts[16]) = (_handler.startSale.selector, _handler.bid.selector, _handler.news.selector);
        (acts[17], acts[18]) = (_handler.elapse.selector, _handler.worsen.selector);
        targetSelector(FuzzSelector(address(_handler), acts));
    }

    function invariant_receivedIsReleasedPledgedAndFree() public view {
        _handler.checkConservation();
    }

    function invariant_goodsBackOneFinancing() public view {
        _handler.checkPledgedOnce();
    }

    function invariant_nothingElseCountsTheSameGoods() public view {
        _handler.checkWatched();
    }

    function invariant_noActDidWhatItMayNot() public view {
        _handler.checkFault();
    }

    function invariant_whatLeftWasPaidForInTheRatio() public view {
        _handler.checkFreed();
    }

    function invariant_whatIsPaidGoesOnAndNoneIsLost() public view {
        _handler.checkMoney();
    }

    function invariant_unknownGoodsBearNothing() public view {
        _handler.checkBase();
    }
}

/// @dev A walk by hand through the handler's acts, so that the suite is known to reach calls, sales and exits.
contract GoodsHandlerReaches is GoodsChecks {
    function test_theActsReachASaleAndAnExit() public {
        this.open(0, KILOS);
        assertEq(opened.length, 1);
        this.add(0, 1, KILOS);
        this.repay(0, 6_000_000);
        this.order(0, 1, KILOS / 2);
        assertEq(orders_.length, 1, "an exit was ordered");
        this.leave(KILOS / 2);
        assertGt(goneOf[SECOND], 0, "and took place");
        this.payAndRelease(0, 1, 4_000_000, KILOS / 10);
        assertGt(freed[opened[0]], 0, "goods left for a payment");
        this.draw(0);
        this.news(80, 20_000);
        this.callMargin(0);
        assertGt(stock.marginCallOf(opened[0]).deadline, 0, "margin was called");
        this.elapse(14 hours);
        this.elapse(14 hours);
        this.startSale(0);
        assertEq(stock.marginCallOf(opened[0]).round, 1, "goods were put up");
        uint256 owed = _owed(opened[0]);
        this.bid(0, 0, KILOS / 5);
        assertLt(_owed(opened[0]), owed, "and sold");
        this.checkConservation();
        this.checkFault();
    }
}
