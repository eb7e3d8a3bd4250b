// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {StockBase} from "./StockBase.sol";

/// @title Goods under another lender: its ladder and its terms of margin hold, whatever they were before.
contract StockRefinanceTest is StockBase {
    uint16 private constant OTHER_RATE = 7500;

    FacilityId private _next;
    FinancingId private _id;

    function setUp() public override {
        super.setUp();
        (LendingPool other, TrancheVault itsSenior,,) = _deployPool(euro, 0, 0);
        _fundTranche(itsSenior, cobalt, 20_000_000);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.pool, terms.feeBps, terms.reserveBps) = (other, 0, 0);
        _next = _openFacility(terms);
        desk.setLadder(_next, stock, _stored(OTHER_RATE));
        _id = _openStock();
    }

    function _terms(uint16 callLevelBps) private pure returns (IInventoryCollateral.MarginTerms memory terms) {
        terms = _margin();
        (terms.callLevelBps, terms.cureSeconds, terms.startBps) = (callLevelBps, 2 days, 11_000);
    }

    function test_facilityWithoutTermsThatFitIsRefused() public {
        bytes4 unfit = IInventoryCollateral.MarginTermsUnfit.selector;
        vm.expectRevert(abi.encodeWithSelector(unfit, _next, 0, OTHER_RATE));
        desk.refinance(_id, _next);
        // Above the rate of the facility that it leaves, and not of the one that takes it over.
        stock.setMarginTerms(_next, _terms(OTHER_RATE));
        vm.expectRevert(abi.encodeWithSelector(unfit, _next, OTHER_RATE, OTHER_RATE));
        desk.refinance(_id, _next);
        assertEq(abi.encode(stock.marginTermsOf(_id)), abi.encode(_margin()));
    }

    function test_termsOfTheNewFacilityHold() public {
        stock.setMarginTerms(_next, _terms(9000));
        desk.refinance(_id, _next);
        assertEq(abi.encode(stock.marginTermsOf(_id)), abi.encode(_terms(9000)));
        assertEq(stock.ladderOf(_id)[0].advanceRateBps, OTHER_RATE);

        // Below the old lender's 80 %, above the new one's 90 %: 12.6 million are 87.5 % of 14.4.
        _later(1 hours, 160, COOL);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInventoryCollateral.MarginSufficient.selector, _id, owed, stock.worthOf(_id).callValue * 9 / 10
            )
        );
        stock.callMargin(_id);
        _later(1 hours, 150, COOL);
        assertEq(stock.callMargin(_id), vm.getBlockTimestamp() + 2 days);
    }

    function test_callOfTheOldLenderEndsWithItsTerms() public {
        _later(1 hours, 150, COOL);
        stock.callMargin(_id);
        _later(2 days, 190, COOL);
        stock.setMarginTerms(_next, _terms(9000));
        uint256 owed = _owed(_id);
        vm.expectEmit(address(stock));
        emit IInventoryCollateral.MarginCallEnded(_id, owed);
        desk.refinance(_id, _next);
        assertEq(stock.marginCallOf(_id).deadline, 0);
        vm.expectRevert(abi.encodeWithSelector(IInventoryCollateral.MarginCallMissing.selector, _id));
        stock.startSale(_id);
    }

    /// @dev Who takes a debt over that its goods do not bear would lose by it: nothing happens, and the call goes on.
    function test_callGoesOnWhereTheGoodsDoNotBearTheDebt() public {
        _later(1 hours, 150, COOL);
        uint256 deadline = stock.callMargin(_id);
        stock.setMarginTerms(_next, _terms(9000));
        vm.expectPartialRevert(IFinancingDesk.RefinancingExceeds.selector);
        desk.refinance(_id, _next);
        assertEq(stock.marginCallOf(_id).deadline, deadline);
        assertEq(abi.encode(stock.marginTermsOf(_id)), abi.encode(_margin()));
    }
}
