// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LineHandler} from "./LineHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title One line along the chain: whatever happens between order and payment, one debt, one paper that counts, and every
/// minor unit where it belongs.
contract LineInvariants is Test {
    LineHandler private handler;

    function setUp() public {
        handler = new LineHandler();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = handler.openLine.selector;
        selectors[1] = handler.attest.selector;
        selectors[2] = handler.poke.selector;
        selectors[3] = handler.fund.selector;
        selectors[4] = handler.settle.selector;
        selectors[5] = handler.payOrder.selector;
        selectors[6] = handler.invoice.selector;
        selectors[7] = handler.handOver.selector;
        selectors[8] = handler.payInvoice.selector;
        selectors[9] = handler.repay.selector;
        selectors[10] = handler.release.selector;
        selectors[11] = handler.wait_.selector;
        // Facts and invoices are what a line goes on by.
        selectors[12] = handler.attest.selector;
        selectors[13] = handler.invoice.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @dev Never two papers of the same goods. That the debt is one, and borne at the moment of a handover, is asserted in
    /// each of them.
    function invariant_onePaperOfTheSameGoodsCounts() public {
        handler.checkPapers();
    }

    function invariant_bothPapersPayTheOneDebt() public view {
        handler.checkProceeds();
    }

    function invariant_everyCentOfALineIsSomewhere() public view {
        handler.checkCash();
    }

    function invariant_healthFollowsALine() public {
        handler.checkHealth();
    }

    /// @dev The walk itself, once by hand: a suite that never hands over would prove nothing.
    function test_theWalkHandsOver() public {
        handler.openLine(2_000_000);
        handler.attest(0, 0);
        handler.wait_(2 days);
        handler.attest(0, 1_000_000);
        handler.wait_(1 days);
        handler.invoice(0);
        handler.handOver(0, 40_000);
        assertEq(handler.refusals(), 1);
        handler.handOver(0, 2_000_000);
        assertEq(handler.handovers(), 1);
        handler.payOrder(0, 300_000);
        handler.payInvoice(0, 1_500_000);
        handler.checkPapers();
        handler.checkProceeds();
        handler.checkCash();
        handler.checkHealth();
        handler.release(0);
        handler.checkCash();
    }
}
