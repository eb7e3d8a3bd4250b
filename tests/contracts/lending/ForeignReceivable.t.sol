// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConversions} from "../../../contracts/lending/interfaces/IConversions.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {ForeignBase} from "./ForeignBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev An invoice in one currency behind a pool in another: invariant 61, and 40 for its rate.
contract ForeignReceivable is ForeignBase {
    /// @dev The feed's rate at which the locked one is just its haircut below: 1.075 / 0.98.
    int256 private constant LOCKED_RATE_AT_FLOOR = 109_693_877;

    // Opening

    function test_aFacilityThatDoesNotTakeTheCurrencyIsRefused() public {
        conversions.acceptCurrency(foreignLine, euro, false);
        _registerAndAccept();
        _openSubject();
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ItemCurrencyDiffers.selector, ITEM, address(euro), address(dollar))
        );
        desk.openFinancing(foreignLine, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    function test_nothingIsOpenedOnAStaleRate() public {
        _goStale();
        _registerAndAccept();
        _openSubject();
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFeedOracle.RateNotUsable.selector, bytes3("EUR"), bytes3("USD"), IFeedOracle.Status.Stale
            )
        );
        desk.openFinancing(foreignLine, invoices, ITEM, FACE_VALUE, SHIPMENT);
    }

    /// @dev Where nobody exchanges the two, nothing that comes in could ever repay.
    function test_withoutAMarketNothingBegins() public {
        conversions.acceptCurrency(foreignLine, dollar, true);
        vm.expectRevert(abi.encodeWithSelector(IConversions.NoMarket.selector, dollar, dollar));
        conversions.begin(FinancingId.wrap(1), foreignLine, dollar, dollar);
    }

    function test_theCreditOfficerSaysWhatIsTaken() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        conversions.acceptCurrency(foreignLine, dollar, true);
    }

    function test_anAdaptersConversionsAreItsOwn() public {
        FinancingId id = _openForeign();
        vm.startPrank(stranger);
        bytes memory refusal = abi.encodeWithSelector(IConversions.NotForeign.selector, id);
        vm.expectRevert(refusal);
        conversions.sell(id, 1);
        vm.expectRevert(refusal);
        conversions.end(id, stranger);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyItself.selector, stranger, address(invoices)));
        invoices.forwardForeign(id);
    }

    // Reserving

    function test_onlyTheSupplierReserves() public {
        FinancingId id = _openForeign();
        vm.expectRevert(abi.encodeWithSelector(IConversions.NotBorrowerOf.selector, id, stranger, supplier));
        vm.prank(stranger);
        conversions.reserveQuote(id, locked);
        uint64 anothers = _quote(dealer, 100_000, LOCKED_RATE, 1 days, debtor);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IFxQuotes.NotTakerOf.selector, anothers, supplier, debtor));
        conversions.reserveQuote(id, anothers);
    }

    function test_onlyForeignPledgesReserve() public {
        FinancingId id = _open();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IConversions.NotForeign.selector, id));
        conversions.reserveQuote(id, locked);
    }

    function test_aQuoteThatIsWorseThanTheFeedLessItsHaircutIsNotReserved() public {
        FinancingId id = _openForeign();
        _report(LOCKED_RATE_AT_FLOOR + 1);
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IConversions.QuoteUnfair.selector, id, locked));
        conversions.reserveQuote(id, locked);
        _goStale();
        vm.expectRevert(abi.encodeWithSelector(IConversions.QuoteUnfair.selector, id, locked));
        conversions.reserveQuote(id, locked);
        vm.stopPrank();
        _report(LOCKED_RATE_AT_FLOOR);
        _reserve(id, locked);
        assertEq(_conversion(id).quote, locked);
    }

    function test_aQuoteOfAnotherMarketIsRefused() public {
        FinancingId id = _openForeign();
        _issue(euro, dealer, 100_000);
        vm.startPrank(dealer);
        euro.approve(address(exchange), 100_000);
        exchange.fund(euro, 100_000);
        IFxQuotes.Offer memory its =
            IFxQuotes.Offer(euro, dollar, 100_000, uint256(RATE), block.timestamp + 1 days, supplier);
        uint64 back = exchange.offer(its);
        vm.stopPrank();
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IConversions.QuoteOfOtherMarket.selector, id, back));
        conversions.reserveQuote(id, back);
    }

    function test_aLiveReservationIsNotReplaced() public {
        FinancingId id = _openForeign();
        _reserve(id, locked);
        uint64 other = _quote(rival, 100_000, LOCKED_RATE, 120 days, supplier);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IConversions.StillReserved.selector, id, locked));
        conversions.reserveQuote(id, other);
        vm.warp(block.timestamp + 90 days);
        _report(RATE);
        _reserve(id, other);
        assertEq(_conversion(id).quote, other);
    }

    // The base

    /// @dev 80 % of 100,000.00 euros, at 1.08 less 2 %.
    function test_theBaseIsInThePoolsCurrencyLessTheHaircut() public {
        FinancingId id = _openForeign();
        _depart(SHIPMENT);
        uint256 atSixty = 6_000_000 * uint256(RATE) / 1e8 * 9800 / 10_000;
        assertEq(invoices.borrowingBase(id), atSixty);
        assertEq(invoices.valueOf(id), 10_584_000);
        assertEq(address(invoices.currencyOf(id)), address(euro));
        uint256 drawn = dollar.balanceOf(supplier);
        assertEq(drawn, _greatestDraw(atSixty, CHARGES_BPS));
        assertEq(euro.balanceOf(supplier), 0);
    }

    /// @dev Invariant 40: no draw, and nothing else stops.
    function test_aStaleRateStopsDrawsAndLeavesRepaymentOpen() public {
        FinancingId id = _openForeign();
        _goStale();
        _depart(SHIPMENT);
        assertEq(invoices.borrowingBase(id), 0);
        assertEq(_owed(id), 0);
        assertEq(invoices.valueOf(id), 10_584_000, "nobody's silence is a loss");
        _report(RATE);
        desk.poke(id);
        uint256 owed = _owed(id);
        assertGt(owed, 0);
        _goStale();
        _issue(dollar, debtor, owed * 2);
        vm.startPrank(debtor);
        dollar.approve(address(desk), owed * 2);
        desk.repay(id, owed * 2);
        vm.stopPrank();
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
    }

    function testFuzz_aWorseRateNeverRaisesTheBase(uint256 first, uint256 second, bool reserved) public {
        (first, second) = (bound(first, 60_000_000, 150_000_000), bound(second, 60_000_000, 150_000_000));
        if (first < second) (first, second) = (second, first);
        FinancingId id = _openForeign();
        if (reserved) _reserve(id, locked);
        _fact(carrier, inspector, SHIPMENT, 20, 1, uint64(QUANTITY));
        _report(int256(first));
        uint256 before = invoices.borrowingBase(id);
        _report(int256(second));
        assertLe(invoices.borrowingBase(id), before);
    }

    /// @dev What is locked at one rate is not lent on at a better one.
    function test_aReservedRateBoundsTheBase() public {
        FinancingId id = _openForeign();
        _reserve(id, _quote(dealer, LOCKED, LOCKED_RATE, 5 days, supplier));
        _report(120_000_000);
        _depart(SHIPMENT);
        assertEq(invoices.borrowingBase(id), 6_000_000 * LOCKED_RATE / 1e8);
        vm.warp(block.timestamp + 5 days);
        _report(120_000_000);
        assertEq(invoices.borrowingBase(id), 7_056_000, "the quote has expired");
    }

    // What comes in

    /// @dev Payment, exchange and waterfall in the debtor's own transaction.
    function test_aPaymentIsExchangedAtTheReservedQuote() public {
        FinancingId id = _drawn60();
        _reserve(id, locked);
        _report(RATE * 11 / 10);
        uint256 owed = _owed(id);
        _pay(4_000_000);
        assertEq(_owed(id), owed - 4_000_000 * LOCKED_RATE / 1e8);
        assertEq(_waiting(id), 0);
        assertEq(_free(dealer, euro), 4_000_000);
        assertEq(euro.balanceOf(address(invoices)), 0);
        assertEq(dollar.balanceOf(address(invoices)), 0);
    }

    /// @dev The quote covers 60,000.00 dollars; the rest goes to the best that is offered, then waits.
    function test_whatTheReservedQuoteDoesNotCoverGoesToTheBest() public {
        FinancingId id = _drawn60();
        _reserve(id, locked);
        uint64 open = _quote(rival, 2_000_000, uint256(RATE), 7 days, address(0));
        _pay(FACE_VALUE);
        uint256 first = Math.ceilDiv(LOCKED * 1e8, LOCKED_RATE);
        uint256 second = Math.ceilDiv(2_000_000 * 1e8, uint256(RATE));
        assertEq(_waiting(id), FACE_VALUE - first - second);
        assertEq(euro.balanceOf(address(invoices)), _waiting(id));
        assertFalse(exchange.isLive(locked));
        assertFalse(exchange.isLive(open));
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Repaid));
        // What waits is the supplier's: it goes to it as it is, with the release.
        vm.prank(supplier);
        desk.release(id);
        assertEq(euro.balanceOf(supplier), FACE_VALUE - first - second);
        assertEq(_waiting(id), 0);
    }

    function test_withoutAQuoteMoneyWaitsAndAnyoneForwardsIt() public {
        FinancingId id = _drawn60();
        uint256 owed = _owed(id);
        _pay(4_000_000);
        assertEq(_waiting(id), 4_000_000);
        assertEq(euro.balanceOf(address(invoices)), 4_000_000);
        assertEq(_owed(id), owed);
        assertEq(invoices.valueOf(id), 10_584_000, "of the invoice and the money together");
        assertEq(invoices.forward(id), 0);
        _quote(rival, 10_000_000, uint256(RATE), 7 days, address(0));
        vm.prank(stranger);
        assertEq(invoices.forward(id), 4_320_000);
        assertEq(_owed(id), owed - 4_320_000);
        assertEq(_waiting(id), 0);
    }

    /// @dev A dealer that puts itself in front of the payment gets no more than the haircut leaves it.
    function test_aQuoteBelowTheFloorGetsNothing() public {
        FinancingId id = _drawn60();
        uint256 floor = uint256(RATE) * 9800 / 10_000;
        _quote(rival, 10_000_000, floor - 1, 7 days, address(0));
        _pay(4_000_000);
        assertEq(_waiting(id), 4_000_000);
        _quote(rival, 10_000_000, floor, 7 days, address(0));
        assertEq(invoices.forward(id), 4_000_000 * floor / 1e8);
    }

    function test_onAStaleRateOnlyTheReservedQuoteIsTaken() public {
        FinancingId id = _drawn60();
        _quote(rival, 10_000_000, uint256(RATE), 30 days, address(0));
        _goStale();
        _pay(1_000_000);
        assertEq(_waiting(id), 1_000_000);
        _report(RATE);
        _reserve(id, locked);
        _goStale();
        _pay(1_000_000);
        assertEq(_waiting(id), 0);
        assertEq(_free(dealer, euro), 2_000_000);
    }

    /// @dev Money of one that fails waits; its sibling in the invoice's own currency is served in the same call.
    function test_aDeadExchangeHoldsUpNoSibling() public {
        _registerAndAccept();
        _openSubject();
        FinancingId own = _pledge(facility, ITEM, FACE_VALUE / 2, SHIPMENT);
        FinancingId foreign = _pledge(foreignLine, ITEM, FACE_VALUE / 2, 0);
        _depart(SHIPMENT);
        uint256 owed = _owed(own);
        vm.mockCallRevert(address(conversions), abi.encodeWithSelector(IConversions.sell.selector), "gone");
        _issue(euro, debtor, 2_000_000);
        vm.startPrank(debtor);
        euro.approve(address(receivables), 2_000_000);
        vm.expectEmit(address(invoices));
        emit ICollateral.ForwardFailed(foreign, ITEM, 1_000_000);
        receivables.pay(INVOICE, 2_000_000);
        vm.stopPrank();
        assertEq(_waiting(foreign), 1_000_000);
        assertEq(_owed(own), owed - 1_000_000);
        vm.clearMockedCalls();
        _quote(rival, 10_000_000, uint256(RATE), 7 days, address(0));
        assertEq(invoices.forward(foreign), 1_080_000);
    }

    /// @dev What is left of a reserved quote is the supplier's again once nothing is owed.
    function test_releaseGivesTheQuoteBack() public {
        FinancingId id = _drawn60();
        _reserve(id, locked);
        uint256 owed = _owed(id);
        _issue(dollar, debtor, owed);
        vm.startPrank(debtor);
        dollar.approve(address(desk), owed);
        desk.repay(id, owed);
        vm.stopPrank();
        vm.prank(supplier);
        desk.release(id);
        assertEq(exchange.quote(locked).taker, supplier);
        assertEq(_conversion(id).quote, 0);
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    // Health

    function test_whatWaitsIsCountedInItsOwnCurrency() public {
        ILendingPool[] memory pools = new ILendingPool[](2);
        (pools[0], pools[1]) = (pool, dollars);
        HealthCheck health = new HealthCheck(desk, pools);
        FinancingId id = _drawn60();
        _pay(4_000_000);
        (bool healthy, string memory broken,) = health.check();
        assertTrue(healthy, broken);
        // Dollars here would not do for the euros that wait.
        deal(address(dollar), address(invoices), 10_000_000);
        deal(address(euro), address(invoices), 3_999_999);
        uint256 subject;
        (healthy, broken, subject) = health.check();
        assertFalse(healthy);
        assertEq(broken, "a custodian holds the money that waits with it");
        assertEq(subject, FinancingId.unwrap(id));
    }

    // Fuzz

    /// @dev Whatever is paid, quoted and reserved: of each currency nothing is lost, and no claim is paid with less than the
    /// quotes said.
    function testFuzz_nothingIsLostOnTheWay(uint256 paid, uint256 offered, uint256 rate, bool reserved) public {
        paid = bound(paid, 1, FACE_VALUE);
        offered = bound(offered, 1, 12_000_000);
        rate = bound(rate, uint256(RATE) * 9800 / 10_000, uint256(RATE) * 12 / 10);
        FinancingId id = _drawn60();
        if (reserved) _reserve(id, locked);
        _quote(rival, offered, rate, 7 days, address(0));
        uint256 held = dollar.balanceOf(address(dollars)) + dollar.balanceOf(supplier);
        _pay(paid);
        uint256 euros = _waiting(id) + _free(dealer, euro) + _free(rival, euro);
        assertEq(euros, paid, "every euro is with a dealer or waits");
        assertEq(euro.balanceOf(address(invoices)), _waiting(id));
        assertEq(euro.balanceOf(address(exchange)), paid - _waiting(id));
        uint256 came = dollar.balanceOf(address(dollars)) + dollar.balanceOf(supplier) - held;
        assertEq(exchange.heldInAll(dollar) + came, 2 * DOLLARS, "every dollar of theirs is with them or came");
        assertEq(dollar.balanceOf(address(exchange)), exchange.heldInAll(dollar));
        assertLe(came, paid * Math.max(rate, LOCKED_RATE) / 1e8);
    }

    // Setting the scene

    function _drawn60() private returns (FinancingId id) {
        id = _openForeign();
        _depart(SHIPMENT);
    }
}
