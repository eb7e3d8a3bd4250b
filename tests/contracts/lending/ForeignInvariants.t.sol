// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForeignHandler} from "./ForeignHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract ForeignChecks is ForeignHandler {
    function checkCurrencies() external view {
        assertEq(_sumOf(euro), euro.totalSupply(), "every euro");
        assertEq(_sumOf(dollar), dollar.totalSupply(), "every dollar");
        assertEq(euro.balanceOf(address(conversions)) + dollar.balanceOf(address(conversions)), 0);
    }

    function checkWaiting() external view {
        uint256 waiting = invoices.cashOf(foreign) + invoices.cashOf(native);
        assertEq(euro.balanceOf(address(invoices)), waiting, "what waits is here, in its own currency");
        assertEq(dollar.balanceOf(address(invoices)), 0, "and nothing in the other");
    }

    function checkExchange() external view {
        assertEq(euro.balanceOf(address(exchange)), exchange.heldInAll(euro));
        assertEq(dollar.balanceOf(address(exchange)), exchange.heldInAll(dollar));
        assertEq(exchange.heldInAll(euro), sold, "the dealers have what was sold");
    }

    function checkUnits() external view {
        (,, uint256 one) = invoices.pledgeOf(foreign);
        (,, uint256 other) = invoices.pledgeOf(native);
        assertEq(one + other, invoices.unitsOf(ITEM));
    }

    function checkBase() external view {
        uint256 base = invoices.borrowingBase(foreign);
        if (!_isUsable()) assertEq(base, 0, "stale");
        assertLe(base, invoices.valueOf(foreign));
        uint256 rate = _reservedRate();
        (,, uint256 units) = invoices.pledgeOf(foreign);
        if (rate != 0) assertLe(base, units * rate / 1e8, "no more than is locked");
    }

    function checkHealth() external view {
        (bool healthy, string memory broken,) = health.check();
        assertTrue(healthy, broken);
    }
}

contract ForeignInvariantsTest is Test {
    ForeignChecks private handler;

    function setUp() public {
        handler = new ForeignChecks();
        handler.setUp();
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = handler.pay.selector;
        selectors[1] = handler.pay.selector;
        selectors[2] = handler.quote.selector;
        selectors[3] = handler.quote.selector;
        selectors[4] = handler.quote.selector;
        selectors[5] = handler.reserveNamed.selector;
        selectors[6] = handler.withdrawQuote.selector;
        selectors[7] = handler.repay.selector;
        selectors[8] = handler.forward.selector;
        selectors[9] = handler.draw.selector;
        selectors[10] = handler.report.selector;
        selectors[11] = handler.pass.selector;
        selectors[12] = handler.release.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @dev Invariant 61, conservation.
    function invariant_everyMinorUnitOfEachCurrencyIsSomewhere() public view {
        handler.checkCurrencies();
    }

    function invariant_whatWaitsToBeExchangedIsCountedInItsOwnCurrency() public view {
        handler.checkWaiting();
    }

    function invariant_whatWasSoldIsWithTheDealers() public view {
        handler.checkExchange();
    }

    function invariant_unitsStaySharedExactlyBetweenCurrencies() public view {
        handler.checkUnits();
    }

    /// @dev Invariants 40 and 61: a stale rate lends nothing, a reserved one bounds what is lent.
    function invariant_aForeignBaseIsWithinItsRates() public view {
        handler.checkBase();
        assertEq(handler.raised(), 0);
    }

    function invariant_noDrawPassesAForeignBase() public view {
        assertEq(handler.overdrawn(), 0);
    }

    function invariant_nothingIsSoldBelowTheLockedRateOrTheFloor() public view {
        assertEq(handler.cheap(), 0);
        assertEq(handler.blind(), 0);
    }

    function invariant_theBooksOfBothCurrenciesAreHealthy() public view {
        handler.checkHealth();
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsExchangeMoney() public {
        handler.quote(0, 2_000_000, 108_000_000, true, 5 days);
        handler.reserveNamed();
        handler.quote(1, 1_000_000, 108_000_000, false, 5 days);
        handler.pay(1_500_000);
        assertEq(handler.sold(), 900_000, "three fifths, at the reserved quote");
        handler.withdrawQuote();
        handler.repay(100_000);
        handler.draw();
        assertEq(handler.draws(), 1, "the invoice paid more than was lent on as much of it");
        handler.report(109_000_000);
        handler.draw();
        assertEq(handler.draws(), 2, "a better rate lends more");
        handler.pass(16 hours);
        handler.forward();
        handler.release();
        assertEq(handler.acts(), 12);
        handler.checkCurrencies();
        handler.checkWaiting();
        handler.checkExchange();
        handler.checkHealth();
    }
}
