// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {StockBase} from "./StockBase.sol";

/// @title A lot whose consignment was lost after it came in is worth nothing, and is known to be.
contract StockLostTest is StockBase {
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        uint8 seeing = uint8(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CARRIER);
        oracle.setPolicy(Milestones.LOST, IMilestoneOracle.Policy(2, seeing, 0, 100, 90 days, 300, 0));
        _id = _openStock();
        vm.warp(vm.getBlockTimestamp() + 2 hours);
    }

    function _lose(bytes32 subject, uint32 sequence, uint64 quantity) private {
        _fact(warehouse, inspector, subject, Milestones.LOST, sequence, quantity);
    }

    function _disputeLoss() private {
        (IMilestoneOracle.Observation[] memory its,) =
            _signed(warehouse, inspector, SHIPMENT, Milestones.LOST, 1, uint64(KILOS));
        IMilestoneOracle.Vote[] memory vote = new IMilestoneOracle.Vote[](1);
        vote[0] = _vote(warehouse, its, 1);
        oracle.attest(its, vote);
        its[0].quantity = 1000;
        vote[0] = _vote(inspector, its, 1);
        oracle.attest(its, vote);
    }

    function _valued(LotId lot) private view returns (IGoodsValuation.Valuation memory) {
        return valuation.valuationOf(lot, supplier, type(uint256).max, "EUR");
    }

    // Refusals

    function test_lostGoodsAreKnownToBeWorthNothing() public {
        assertEq(stock.borrowingBase(_id), BASE);
        _lose(SHIPMENT, 1, 0);
        IGoodsValuation.Valuation memory its = _valued(LOT);
        assertEq(its.value, 0);
        assertEq(its.ceiling, 0);
        assertEq(its.grade, 5);
        assertEq(its.haircutBps, 10_000);
        assertEq(uint8(its.gap), uint8(IGoodsValuation.Gap.None));
        assertEq(stock.borrowingBase(_id), 0);
        assertEq(stock.borrowingBaseOf(_id, SHIPMENT), 0);
    }

    function test_aPartThatIsLostStopsTheWhole() public {
        _lose(SHIPMENT, 3, 1000);
        assertEq(_valued(LOT).value, 0);
        assertEq(stock.borrowingBase(_id), 0);
    }

    function test_whileTheAmountIsInDisputeNothingIsLentAndNoMarginCalled() public {
        _disputeLoss();
        IGoodsValuation.Valuation memory its = _valued(LOT);
        assertEq(uint8(its.gap), uint8(IGoodsValuation.Gap.Condition));
        assertEq(its.value, 0);
        assertEq(its.ceiling, VALUE);
        assertEq(stock.borrowingBase(_id), 0);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(IInventoryCollateral.MarginSufficient.selector, _id, owed, VALUE * 8 / 10)
        );
        stock.callMargin(_id);
    }

    function test_goodsAreNotTakenOutOnTheWorthOfLostOnes() public {
        _store(OTHER, OTHER_SHIPMENT, 1);
        _news(TWO_EURO, COOL);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS);
        _lose(SHIPMENT, 1, 0);
        uint256 owed = _owed(_id);
        assertGt(owed, BASE, "the others alone do not bear it");
        _supplierPays(18);
        vm.prank(supplier);
        vm.expectPartialRevert(IInventoryCollateral.GoodsUncovered.selector);
        stock.payAndRelease(_id, 18, OTHER, 100);
        assertEq(_owed(_id), owed);
        assertEq(_pledged(OTHER), KILOS);
    }

    // What a loss does not touch

    function test_whatWasLostBeforeALotCameInIsNotOfTheLot() public {
        _lose(OTHER_SHIPMENT, 1, 0);
        vm.warp(vm.getBlockTimestamp() + 1);
        _store(OTHER, OTHER_SHIPMENT, 1);
        _news(TWO_EURO, COOL);
        vm.prank(supplier);
        stock.addGoods(_id, OTHER, KILOS);
        assertEq(stock.borrowingBase(_id), 2 * BASE);
        _lose(OTHER_SHIPMENT, 2, 0);
        assertEq(stock.borrowingBase(_id), BASE, "nor do other goods answer for it");
    }

    function test_lostGoodsAreRepaidAndGivenBack() public {
        _lose(SHIPMENT, 1, 0);
        _fundAndApprove(supplier, 20_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(_id, type(uint256).max);
        desk.release(_id);
        vm.stopPrank();
        assertEq(uint8(_state(_id)), uint8(IFinancingDesk.State.Released));
        assertEq(_free(LOT), KILOS);
    }

    function test_marginIsCalledOnLostGoodsAndCuredByOthers() public {
        _lose(SHIPMENT, 1, 0);
        stock.callMargin(_id);
        _store(OTHER, OTHER_SHIPMENT, 1);
        _news(TWO_EURO, COOL);
        _fundAndApprove(supplier, 1000, address(desk));
        vm.startPrank(supplier);
        desk.repay(_id, 1000);
        stock.addGoods(_id, OTHER, KILOS);
        stock.endCall(_id);
        vm.stopPrank();
        assertEq(stock.marginCallOf(_id).deadline, 0);
        assertEq(stock.borrowingBase(_id), BASE);
    }

    /// @dev Whatever the price, the temperature and the age: never more than before, and nothing.
    function testFuzz_aLossNeverRaisesAndAlwaysStops(uint256 price, int256 warmth, uint256 elapsed, bool disputed)
        public
    {
        price = bound(price, 1, 20_000);
        warmth = bound(warmth, -50_000, 80_000);
        _later(bound(elapsed, 0, 200 days), int256(price), warmth);
        IGoodsValuation.Valuation memory before = _valued(LOT);
        if (disputed) _disputeLoss();
        else _lose(SHIPMENT, 1, 0);
        IGoodsValuation.Valuation memory its = _valued(LOT);
        assertEq(its.value, 0);
        assertLe(its.ceiling, disputed ? before.ceiling : 0);
        assertEq(its.marketValue, before.marketValue);
        assertEq(stock.borrowingBase(_id), 0);
    }
}
