// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {EscrowBase} from "./EscrowBase.sol";

contract DisputeOrderTest is EscrowBase {
    uint256 private constant UNTIL = START + DISPUTE_DAYS * 1 days;

    function setUp() public override {
        super.setUp();
        _accepted();
        _fund(8_000_000);
    }

    // Refusals

    function test_onlyThePartiesDispute() public {
        vm.prank(lender.account);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotPartyOf.selector, ID, lender.id));
        escrow.disputeOrder(ID, "photos");
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DisputeEvidenceZero.selector, ID));
        escrow.disputeOrder(ID, 0);
    }

    function test_disputeFreezesEverything() public {
        _dispute(buyer);
        bytes memory refusal = _wrongState(IOrderEscrow.State.Disputed, IOrderEscrow.State.Accepted);
        _depart();
        assertEq(euro.balanceOf(seller), 0, "the fact's hint pays nothing");
        vm.expectRevert(refusal);
        escrow.settle(ID);
        vm.expectRevert(refusal);
        escrow.refund(ID);
        vm.startPrank(buyer);
        vm.expectRevert(refusal);
        escrow.fund(ID, 1);
        vm.expectRevert(refusal);
        escrow.payOrder(ID, 1);
        vm.expectRevert(refusal);
        escrow.disputeOrder(ID, "more");
        vm.stopPrank();
    }

    function test_eachSideOnce() public {
        _dispute(buyer);
        vm.startPrank(buyer);
        escrow.endDispute(ID);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DisputeUsed.selector, ID, borealis.id));
        escrow.disputeOrder(ID, "again");
        vm.stopPrank();
        _dispute(seller);
        vm.prank(seller);
        escrow.endDispute(ID);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DisputeUsed.selector, ID, acme.id));
        escrow.disputeOrder(ID, "again");
    }

    function test_onlyWhoOpenedItEndsItBeforeItsTime() public {
        _dispute(buyer);
        vm.warp(UNTIL - 1);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DisputeRunning.selector, ID, UNTIL, UNTIL - 1));
        escrow.endDispute(ID);
        vm.warp(UNTIL);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderDisputeEnded(ID, stranger);
        vm.prank(stranger);
        escrow.endDispute(ID);
        assertEq(escrow.fundsOf(ID).disputedSince, 0);
    }

    function test_aDecisionIsOfADisputeWithEvidenceAndOfWhatIsHeld() public {
        vm.expectRevert(_wrongState(IOrderEscrow.State.Accepted, IOrderEscrow.State.Disputed));
        escrow.decideDispute(ID, 0, "report");
        _dispute(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.DisputeEvidenceZero.selector, ID));
        escrow.decideDispute(ID, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.SplitOutOfRange.selector, ID, 8_000_001, 8_000_000));
        escrow.decideDispute(ID, 8_000_001, "report");
    }

    function test_whatIsAssignedIsNotSplitByTheSides() public {
        assignee.assign(escrow, ID, seller);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.SplitNotTheirs.selector, ID, address(assignee), address(0)));
        escrow.agreeSplit(ID, 1);
        assignee.release(escrow, ID);
        assignee.assignRefunds(escrow, ID, buyer);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.SplitNotTheirs.selector, ID, address(0), address(assignee)));
        escrow.agreeSplit(ID, 1);
    }

    // Happy path

    /// @dev The rule by default: facts decide, and the deadline that has passed meanwhile counts.
    function test_undecidedFactsDecide() public {
        vm.warp(TOO_LATE - 1);
        _dispute(buyer);
        _depart();
        vm.warp(TOO_LATE + DISPUTE_DAYS * 1 days);
        escrow.endDispute(ID);
        assertEq(escrow.settle(ID), 4_000_000);
        assertEq(escrow.refund(ID), 4_000_000);
        assertEq(euro.balanceOf(buyer), 4_000_000);
        _assertBalanced();
    }

    function testFuzz_theArbiterSplits(uint256 toSeller) public {
        toSeller = bound(toSeller, 0, 8_000_000);
        _fundBy(lender.account, 2_000_000);
        _dispute(seller);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderClosed(ID, toSeller, 10_000_000 - toSeller, "report");
        escrow.decideDispute(ID, toSeller, "report");
        assertEq(euro.balanceOf(seller), toSeller);
        assertEq(euro.balanceOf(buyer), (10_000_000 - toSeller) * 8 / 10);
        escrow.claimRefund(ID, lender.account);
        assertEq(euro.balanceOf(seller) + euro.balanceOf(buyer) + euro.balanceOf(lender.account), 10_000_000);
        assertEq(escrow.outstanding(ID), 0);
        _assertState(IOrderEscrow.State.Closed);
        _assertBalanced();
    }

    function test_everythingToTheSeller() public {
        _dispute(buyer);
        escrow.decideDispute(ID, 8_000_000, "report");
        assertEq(euro.balanceOf(seller), 8_000_000);
        _assertState(IOrderEscrow.State.Closed);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NothingToRefund.selector, ID, buyer));
        escrow.claimRefund(ID, buyer);
        _assertBalanced();
    }

    function test_theArbitersSplitGoesToTheAssignees() public {
        assignee.assign(escrow, ID, seller);
        assignee.assignRefunds(escrow, ID, buyer);
        _dispute(buyer);
        escrow.decideDispute(ID, 3_000_000, "report");
        assertEq(euro.balanceOf(address(assignee)), 8_000_000);
        assertEq(assignee.hints(), 2);
    }

    function test_bothSidesAgree() public {
        vm.prank(seller);
        escrow.agreeSplit(ID, 5_000_000);
        vm.prank(buyer);
        escrow.agreeSplit(ID, 4_000_000);
        _assertState(IOrderEscrow.State.Accepted);
        vm.prank(seller);
        escrow.agreeSplit(ID, 4_000_000);
        assertEq(euro.balanceOf(seller), 4_000_000);
        assertEq(euro.balanceOf(buyer), 4_000_000);
        _assertState(IOrderEscrow.State.Closed);
        _assertBalanced();
    }

    /// @dev What was agreed was the split of another sum.
    function test_fundingVoidsWhatWasSaid() public {
        vm.prank(seller);
        escrow.agreeSplit(ID, 4_000_000);
        _fund(1_000_000);
        vm.prank(buyer);
        escrow.agreeSplit(ID, 4_000_000);
        _assertState(IOrderEscrow.State.Accepted);
    }

    // Internals

    function _dispute(address by) private {
        vm.prank(by);
        escrow.disputeOrder(ID, "photos");
        _assertState(IOrderEscrow.State.Disputed);
    }
}
