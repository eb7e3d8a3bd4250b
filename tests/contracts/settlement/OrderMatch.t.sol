// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {OrderMatch} from "../../../contracts/settlement/OrderMatch.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {IOrderMatch} from "../../../contracts/settlement/interfaces/IOrderMatch.sol";
import {FacilityId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {EscrowBase} from "./EscrowBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Acme's invoice is for 1,000 kilograms and 100,000.00, as the order is.
contract OrderMatchTest is EscrowBase {
    FacilityId private constant LINE = FacilityId.wrap(1);

    OrderMatch private matching;

    function setUp() public override {
        super.setUp();
        matching = _newMatch(escrow);
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        _accepted();
    }

    // Refusals

    function test_onlyTheSellerLinks() public {
        _registerAndAccept();
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchNotBySeller.selector, ID, borealis.id, acme.id));
        matching.link(ID, INVOICE);
    }

    function test_onlyListedMatchersCount() public {
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.MatcherUnlisted.selector, address(this)));
        escrow.countInvoiced(ID, 1);
    }

    function test_onlyAnAcceptedInvoiceIsMatched() public {
        _register();
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchStateWrong.selector, INVOICE, 1));
        matching.link(ID, INVOICE);
    }

    function test_anInvoiceIsMatchedOnce() public {
        _linked();
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.AlreadyMatched.selector, INVOICE, ID));
        matching.link(ID, INVOICE);
    }

    function test_currenciesPartiesAndMeasures() public {
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.currency = "USD";
        _invoice(terms);
        vm.prank(seller);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOrderMatch.MatchCurrenciesDiffer.selector, ID, INVOICE, address(euro), address(dollar)
            )
        );
        matching.link(ID, INVOICE);

        (terms.id, terms.currency, terms.quantity) = (ReceivableId.wrap(7), "EUR", 0);
        _invoice(terms);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchUnmeasured.selector, ID, terms.id, QUANTITY, 0));
        matching.link(ID, terms.id);
    }

    /// @dev What is in escrow, or paid, or invoiced already cannot be owed by an invoice too.
    function test_onlyWhatIsUnfundedIsInvoiced() public {
        _fund(1);
        _registerAndAccept();
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentExceedsOutstanding.selector, ID, VALUE, VALUE - 1));
        matching.link(ID, INVOICE);
    }

    /// @dev A seller cannot move what it has pledged as an order into an invoice of its own.
    function test_assignedProceedsStay() public {
        assignee.assign(escrow, ID, seller);
        _registerAndAccept();
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.InvoicingNotPermitted.selector, ID, address(assignee)));
        matching.link(ID, INVOICE);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotAssigneeOf.selector, ID, seller, address(assignee)));
        escrow.permitInvoicing(ID);
        assignee.permit(escrow, ID);
        vm.prank(seller);
        matching.link(ID, INVOICE);
        assertEq(escrow.outstanding(ID), 0);
    }

    function test_onlyCreditOfficersDemandMatches() public {
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, seller));
        matching.demandMatch(LINE, true);
    }

    function test_aFacilityThatDemandsMatchesTakesNoOthers() public {
        _registerAndAccept();
        matching.requirePledgeable(LINE, INVOICE, 0);
        vm.expectEmit(address(matching));
        emit IOrderMatch.MatchDemanded(LINE, true);
        matching.demandMatch(LINE, true);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchMissing.selector, LINE, INVOICE));
        matching.requirePledgeable(LINE, INVOICE, 0);
        matching.requirePledgeable(FacilityId.wrap(2), INVOICE, 0);
        vm.prank(seller);
        matching.link(ID, INVOICE);
        matching.requirePledgeable(LINE, INVOICE, SHIPMENT);
    }

    function test_aMatchedInvoiceIsPledgedWithItsOrdersConsignment() public {
        _linked();
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.MatchSubjectDiffers.selector, INVOICE, bytes32(0), SHIPMENT));
        matching.requirePledgeable(LINE, INVOICE, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IOrderMatch.MatchSubjectDiffers.selector, INVOICE, bytes32("other"), SHIPMENT)
        );
        matching.requirePledgeable(LINE, INVOICE, "other");
        matching.requirePledgeable(LINE, INVOICE, SHIPMENT);
    }

    /// @dev While the order lives, its own assignment and the desk's watch keep its goods to one financing.
    function test_factsOfAnEndedOrderAreNoOtherInvoices() public {
        _registerAndAccept();
        matching.requirePledgeable(LINE, INVOICE, SHIPMENT);
        _give(buyer, VALUE);
        vm.prank(buyer);
        escrow.payOrder(ID, VALUE);
        vm.expectRevert(abi.encodeWithSelector(IOrderMatch.GoodsOfEndedOrder.selector, INVOICE, SHIPMENT, ID));
        matching.requirePledgeable(LINE, INVOICE, SHIPMENT);
        matching.requirePledgeable(LINE, INVOICE, "other");
    }

    // Happy path

    function test_whatIsPledgedWithOtherGoodsIsWorthNothing() public {
        _linked();
        (uint256 least, uint256 invoiced) = matching.capOf(INVOICE, 0);
        assertEq(least, 0);
        assertEq(invoiced, QUANTITY);
        _assertCap(QUANTITY, QUANTITY);
    }

    function test_theInvoiceTakesTheOrdersPlace() public {
        _registerAndAccept();
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderInvoiced(ID, VALUE, 0);
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderSettled(ID);
        vm.prank(seller);
        matching.link(ID, INVOICE);
        assertEq(OrderId.unwrap(matching.orderOf(INVOICE)), OrderId.unwrap(ID));
        _assertMatch(QUANTITY, 0, 0, QUANTITY);
        _assertCap(QUANTITY, QUANTITY);
        _assertBalanced();
    }

    function test_unmatchedInvoiceHasNoCap() public {
        _registerAndAccept();
        _assertCap(0, 0);
    }

    function test_whatFallsShortCaps() public {
        _linked();
        _attestBoth(SHIPMENT, Milestones.LOADED, 1, uint64(995_000));
        _assertMatch(QUANTITY, 995_000, 0, QUANTITY);
        _assertCap(QUANTITY, QUANTITY);
        _attestBoth(SHIPMENT, Milestones.DEPARTED, 1, uint64(950_000));
        _assertMatch(QUANTITY, 950_000, 0, QUANTITY);
        _assertCap(950_000, QUANTITY);
        _attestBoth(SHIPMENT, Milestones.DEPARTED, 2, uint64(50_000));
        _assertCap(QUANTITY, QUANTITY);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(400_000));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        _assertMatch(QUANTITY, QUANTITY, 400_000, QUANTITY);
        _assertCap(400_000, QUANTITY);
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 2, uint64(590_000));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        _assertCap(QUANTITY, QUANTITY);
    }

    function test_aFactInDisputeCapsAtNothing() public {
        _linked();
        _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(QUANTITY));
        _attestOne(carrier, Milestones.RECEIVED, 1, uint64(QUANTITY / 2));
        _assertCap(0, QUANTITY);
    }

    function test_severalInvoicesCountTogether() public {
        IReceivableToken.RegisterTerms memory terms = _terms();
        (terms.faceValue, terms.quantity) = (VALUE / 2, 600_000);
        _invoice(terms);
        vm.prank(seller);
        matching.link(ID, terms.id);
        _assertCap(600_000, 600_000);
        terms.id = ReceivableId.wrap(7);
        _invoice(terms);
        vm.prank(seller);
        matching.link(ID, terms.id);
        _assertCap(1_050_000, 1_200_000);
        assertEq(escrow.fundsOf(ID).invoiced, VALUE);
    }

    // Properties

    /// @dev Within tolerance the whole, else the least: worked out by comparing all with all.
    function testFuzz_capIsTheLeast(uint256 shipped, uint256 received, uint256 invoiced) public {
        shipped = bound(shipped, 0, 2 * QUANTITY);
        received = bound(received, 0, 2 * QUANTITY);
        invoiced = bound(invoiced, 1, 2 * QUANTITY);
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.quantity = invoiced;
        _invoice(terms);
        vm.prank(seller);
        matching.link(ID, INVOICE);
        if (shipped != 0) _attestBoth(SHIPMENT, Milestones.DEPARTED, 1, uint64(shipped));
        if (received != 0) _attestBoth(SHIPMENT, Milestones.RECEIVED, 1, uint64(received));
        vm.warp(vm.getBlockTimestamp() + WINDOW);

        uint256 tolerated = invoiced * 100 / 10_000;
        bool short = (shipped != 0 && shipped + tolerated < invoiced)
            || (received != 0 && received + tolerated < invoiced) || invoiced > QUANTITY * 105 / 100;
        (uint256 least, uint256 whole) = matching.capOf(INVOICE, SHIPMENT);
        assertEq(whole, invoiced);
        if (!short) assertEq(least, invoiced);
        else assertLt(least, invoiced);
        assertLe(least, QUANTITY * 105 / 100);
        if (shipped != 0) assertLe(least, shipped + tolerated);
        if (received != 0) assertLe(least, received + tolerated);
    }

    // Internals

    function _invoice(IReceivableToken.RegisterTerms memory terms) private {
        vm.prank(seller);
        receivables.register(terms);
        vm.prank(buyer);
        receivables.accept(IReceivableToken.Acceptance(terms.id, terms.faceValue, terms.quantity, terms.dueDate, true));
    }

    function _linked() private {
        _registerAndAccept();
        vm.prank(seller);
        matching.link(ID, INVOICE);
    }

    function _assertCap(uint256 least, uint256 invoiced) private view {
        (uint256 least_, uint256 invoiced_) = matching.capOf(INVOICE, SHIPMENT);
        assertEq(least_, least, "least");
        assertEq(invoiced_, invoiced, "invoiced");
    }

    function _assertMatch(uint256 ordered, uint256 shipped, uint256 received, uint256 invoiced) private view {
        (uint256 a, uint256 b, uint256 c, uint256 d) = matching.matchOf(ID);
        assertEq(abi.encode(a, b, c, d), abi.encode(ordered, shipped, received, invoiced));
    }
}
