// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {EscrowHandler} from "./EscrowHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract EscrowChecks is EscrowHandler {
    function checkEachMinorUnitOnce() external view {
        for (uint256 n = 1; n <= orders; ++n) {
            uint256 out = toSeller[n] - straight[n];
            assertEq(putIn[n], out + back[n] + escrow.heldInAll(_id(n)), "funded = paid out + refunded + held");
        }
    }

    function checkValue() external view {
        for (uint256 n = 1; n <= orders; ++n) {
            IOrderEscrow.Order memory its = escrow.order(_id(n));
            IOrderEscrow.Funds memory funds = escrow.fundsOf(_id(n));
            uint256 outstanding = escrow.outstanding(_id(n));
            assertEq(its.value, uint256(its.paid) + funds.invoiced + funds.waived + outstanding, "value");
            assertEq(outstanding, its.held + escrow.unfunded(_id(n)), "outstanding");
            assertEq(its.paid, toSeller[n], "paid");
            assertEq(funds.invoiced, invoicedOn[n], "invoiced");
            bool over = its.state > IOrderEscrow.State.Cancelled && its.state != IOrderEscrow.State.Disputed;
            if (over || its.state == IOrderEscrow.State.Settled) assertEq(outstanding, 0, "nothing is open");
            if (its.state == IOrderEscrow.State.Accepted) assertGt(outstanding, 0, "or it is settled");
        }
    }

    function checkCash() external view {
        uint256 held;
        for (uint256 n = 1; n <= orders; ++n) {
            held += escrow.heldInAll(_id(n));
        }
        assertEq(euro.balanceOf(address(escrow)), held + escrow.parkedInAll(address(euro)) + donated);
    }

    function checkGoods() external view {
        assertEq(lots.titleOf(LOT, seller) + lots.titleOf(LOT, buyer), STORED);
        assertEq(lots.balanceOf(address(escrow), LotId.unwrap(LOT)), 0);
    }

    function checkParts() external view {
        for (uint256 n = 1; n <= orders; ++n) {
            uint256 parts = escrow.fundedBy(_id(n), buyer) + escrow.fundedBy(_id(n), lender.account);
            if (escrow.order(_id(n)).state == IOrderEscrow.State.Accepted) assertEq(parts, putIn[n]);
            uint256 due = escrow.refundOf(_id(n), buyer) + escrow.refundOf(_id(n), lender.account);
            assertLe(due, escrow.heldInAll(_id(n)));
        }
    }

    function checkNoFault() external view {
        assertEq(fault, "");
    }
}

contract EscrowInvariants is Test {
    EscrowChecks private handler;

    function setUp() public {
        handler = new EscrowChecks();
        targetContract(address(handler));
        bytes4[] memory acts = new bytes4[](16);
        acts[0] = handler.place.selector;
        acts[1] = handler.fundOrder.selector;
        acts[2] = handler.pay.selector;
        acts[3] = handler.donate.selector;
        acts[4] = handler.settle.selector;
        acts[5] = handler.refund.selector;
        acts[6] = handler.depart.selector;
        acts[7] = handler.receive_.selector;
        acts[8] = handler.wait_.selector;
        acts[9] = handler.dispute.selector;
        acts[10] = handler.endDispute.selector;
        acts[11] = handler.assign.selector;
        acts[12] = handler.deliver.selector;
        acts[13] = handler.invoice.selector;
        acts[14] = handler.freeze.selector;
        acts[15] = handler.fundOrder.selector;
        targetSelector(FuzzSelector(address(handler), acts));
    }

    function invariant_what_was_put_in_is_held_paid_out_or_given_back() public view {
        handler.checkEachMinorUnitOnce();
    }

    function invariant_each_minor_unit_of_an_order_is_in_one_place() public view {
        handler.checkValue();
    }

    function invariant_the_escrow_has_what_it_holds() public view {
        handler.checkCash();
    }

    function invariant_goods_pass_and_never_stay() public view {
        handler.checkGoods();
    }

    function invariant_refunds_are_covered() public view {
        handler.checkParts();
    }

    function invariant_facts_alone_earn_and_disputes_freeze() public view {
        handler.checkNoFault();
    }

    /// @dev What the handler never does, the invariants say nothing about.
    function test_theHandlerDoesEverything() public {
        handler.place(5_000_000, 5_000_000, 2);
        handler.place(4_000_000, 1_000_000, 3);
        handler.place(6_000_000, 0, 4);
        handler.depart(0);
        handler.assign(1, false);
        handler.assign(1, true);
        handler.fundOrder(0, 400_000, 1);
        handler.pay(0, 100_000);
        handler.invoice(2, 1_000_000);
        handler.fundOrder(2, 500_000, 2);
        handler.deliver(2, 1000, 200_000);
        handler.dispute(1, true);
        handler.endDispute(1, 1_000_000, 0);
        handler.donate(7);
        handler.freeze();
        handler.receive_(0, 500_000, false);
        handler.wait_(1 days);
        handler.settle(0);
        handler.refund(0, true);
        handler.pay(0, 1);
        string[8] memory verbs = ["fund", "pay", "invoice", "deliver", "dispute", "ended", "refund", "claim"];
        for (uint256 i; i < verbs.length; ++i) {
            assertGt(handler.done(verbs[i]), 0, verbs[i]);
        }
        handler.checkEachMinorUnitOnce();
        handler.checkValue();
        handler.checkNoFault();
    }
}
