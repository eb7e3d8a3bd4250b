// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../../../contracts/libraries/Hints.sol";
import {IParkedPayouts} from "../../../contracts/libraries/ParkedPayouts.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {GroupId, OrderId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Assignee} from "../support/Assignee.sol";
import {EscrowBase} from "./EscrowBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract OrderEscrowTest is EscrowBase {
    // Listing

    function test_onlyTheGovernorLists() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        escrow.listCurrency(dollar);
        vm.expectRevert(refusal);
        escrow.listAssignee(stranger, true);
        vm.expectRevert(refusal);
        escrow.listMatcher(stranger, true);
        vm.expectRevert(refusal);
        escrow.decideDispute(ID, 0, "evidence");
    }

    function test_currencyIsListedOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.CurrencyAlreadyListed.selector, bytes3("EUR")));
        escrow.listCurrency(euro);
        assertEq(escrow.listCurrency(dollar), 2);
    }

    // Registering: refusals

    function test_onlySuppliersRegister() public {
        vm.prank(buyer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, buyer, Roles.DEBTOR | Roles.CONSIGNEE, Roles.SUPPLIER
            )
        );
        escrow.registerOrder(_orderTerms());
    }

    function test_brokenTermsAreRefused() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.id = OrderId.wrap(0);
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.OrderIdZero.selector));
        terms = _orderTerms();
        terms.currency = "USD";
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.CurrencyUnlisted.selector, bytes3("USD")));
        terms = _orderTerms();
        terms.lines[0].value = 0;
        _registerRefused(terms, _valueOutOfRange(0));
        terms.lines[0].value = uint256(type(uint56).max) + 1;
        _registerRefused(terms, _valueOutOfRange(terms.lines[0].value));
        terms = _orderTerms();
        terms.lines[0].quantity = uint256(type(uint48).max) + 1;
        _registerRefused(terms, _quantityOutOfRange(terms.lines[0].quantity));
        terms = _orderTerms();
        terms.deliverBy = START / 1 days - 1;
        _registerRefused(terms, _deliverByOutOfRange(terms.deliverBy));
        terms.deliverBy = uint256(type(uint16).max) + 1;
        _registerRefused(terms, _deliverByOutOfRange(terms.deliverBy));
        terms = _orderTerms();
        terms.graceDays = 256;
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.OrderGraceOutOfRange.selector, ID, 256, 255));
        terms = _orderTerms();
        terms.deposit = VALUE + 1;
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.DepositOutOfRange.selector, ID, VALUE + 1, VALUE));
        terms = _orderTerms();
        terms.overBps = 10_001;
        _registerRefused(
            terms, abi.encodeWithSelector(IOrderEscrow.OrderToleranceOutOfRange.selector, ID, 10_001, 100, 10_000)
        );
    }

    function test_brokenLinesAreRefused() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        IOrderEscrow.Line memory line = terms.lines[0];
        terms.lines = new IOrderEscrow.Line[](0);
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.LineCountOutOfRange.selector, ID, 0, 16));
        terms.lines = new IOrderEscrow.Line[](17);
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.LineCountOutOfRange.selector, ID, 17, 16));
        terms.lines = new IOrderEscrow.Line[](2);
        (terms.lines[0], terms.lines[1]) = (line, IOrderEscrow.Line(0, "KGM", 1, 1));
        _registerRefused(
            terms, abi.encodeWithSelector(IOrderEscrow.LineInvalid.selector, ID, 1, bytes32(0), bytes3("KGM"))
        );
        terms.lines[1] = IOrderEscrow.Line("item", "k", 1, 1);
        _registerRefused(
            terms, abi.encodeWithSelector(IOrderEscrow.LineInvalid.selector, ID, 1, bytes32("item"), bytes3("k"))
        );
        terms.lines[1] = IOrderEscrow.Line("item", "KGM", 1, type(uint56).max);
        _registerRefused(terms, _valueOutOfRange(VALUE + type(uint56).max));
    }

    function test_brokenLaddersAreRefused() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.payouts[0].shareBps = 10_000;
        _registerRefused(terms, _payoutsInvalid(0));
        terms.payouts[0].shareBps = 0;
        _registerRefused(terms, _payoutsInvalid(0));
        terms = _orderTerms();
        terms.payouts[1].shareBps = 9999;
        _registerRefused(terms, _payoutsInvalid(1));
        terms.payouts[1] = IOrderEscrow.Payout(Milestones.DEPARTED, 10_000, false);
        _registerRefused(terms, _payoutsInvalid(1));
        terms.payouts[1] = IOrderEscrow.Payout(uint32(type(uint16).max) + 1, 10_000, false);
        _registerRefused(terms, _payoutsInvalid(1));
        terms = _orderTerms();
        terms.payouts[0] = IOrderEscrow.Payout(Milestones.ACCEPTED, 4000, true);
        _registerRefused(terms, _payoutsInvalid(0));
        terms = _orderTerms();
        terms.lines[0].quantity = 0;
        _registerRefused(terms, _payoutsInvalid(1));
        terms.payouts = new IOrderEscrow.Payout[](0);
        _registerRefused(terms, _payoutsInvalid(0));
        terms.payouts = new IOrderEscrow.Payout[](5);
        _registerRefused(terms, _payoutsInvalid(5));
    }

    function test_consignmentOfSomebodyElseIsRefused() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.subject = keccak256("not opened");
        GroupId its = registry.membershipOf(seller).group;
        _registerRefused(
            terms,
            abi.encodeWithSelector(IOrderEscrow.OrderSubjectNotOf.selector, ID, terms.subject, GroupId.wrap(0), its)
        );
        Party memory other = _admit("OTHERSUPPLIER", Roles.SUPPLIER);
        vm.prank(other.account);
        oracle.openSubject(terms.subject, new bytes32[](0));
        GroupId theirs = registry.membershipOf(other.account).group;
        _registerRefused(
            terms, abi.encodeWithSelector(IOrderEscrow.OrderSubjectNotOf.selector, ID, terms.subject, theirs, its)
        );
    }

    function test_factsOfOtherGoodsPayNoNewOrder() public {
        _depart();
        _registerRefused(
            _orderTerms(),
            abi.encodeWithSelector(IOrderEscrow.OrderSubjectHasFacts.selector, ID, SHIPMENT, Milestones.DEPARTED)
        );
    }

    function test_anOrderOfGoodsThatHaveSetOutIsMarked() public {
        _depart();
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.payouts = new IOrderEscrow.Payout[](1);
        terms.payouts[0] = IOrderEscrow.Payout(Milestones.RECEIVED, 10_000, true);
        vm.prank(seller);
        escrow.registerOrder(terms);
        assertEq(escrow.order(ID).flags, 64);
    }

    function test_buyerMustBeADebtorAndAnother() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.buyer = lender.account;
        _registerRefused(
            terms,
            abi.encodeWithSelector(
                IParticipantRegistry.RoleMissing.selector, lender.account, Roles.LENDER, Roles.DEBTOR
            )
        );
        registry.setRoles(acme.lei, Roles.SUPPLIER | Roles.DEBTOR);
        terms.buyer = seller;
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.BuyerIsSeller.selector, ID, acme.id));
    }

    function test_buyerOfTheSellersGroupIsRefused() public {
        Party memory sister = _admitIn("ACMERETAIL", acme.lei, Roles.DEBTOR);
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.buyer = sister.account;
        _registerRefused(terms, abi.encodeWithSelector(IOrderEscrow.BuyerIsSeller.selector, ID, sister.id));
        sister = _admitIn("BOREALISSHOPS", borealis.lei, Roles.DEBTOR);
        terms.buyer = sister.account;
        vm.prank(seller);
        escrow.registerOrder(terms);
        assertTrue(escrow.order(ID).buyer == sister.id);
    }

    function test_anIdIsSpentForGood() public {
        _registerOrder();
        _registerRefused(
            _orderTerms(), abi.encodeWithSelector(IOrderEscrow.OrderExists.selector, ID, IOrderEscrow.State.Registered)
        );
        vm.prank(seller);
        escrow.cancelOrder(ID);
        _registerRefused(
            _orderTerms(), abi.encodeWithSelector(IOrderEscrow.OrderExists.selector, ID, IOrderEscrow.State.Cancelled)
        );
    }

    // Accepting and cancelling: refusals

    function test_onlyTheBuyerAccepts() public {
        _registerOrder();
        bytes32 termsHash = escrow.termsHashOf(ID);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, ID, acme.id, borealis.id));
        escrow.acceptOrder(ID, termsHash);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        escrow.acceptOrder(ID, termsHash);
    }

    function test_acceptingOtherTermsIsRefused() public {
        _registerOrder();
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        bytes32 registered = escrow.hashOf(terms);
        assertEq(escrow.termsHashOf(ID), registered);
        terms.underBps = 101;
        bytes32 other = escrow.hashOf(terms);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AcceptanceDiffers.selector, ID, other, registered));
        escrow.acceptOrder(ID, other);
    }

    function test_oneConsignmentEarnsOneOrder() public {
        _accepted();
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.id = OrderId.wrap(7);
        vm.prank(seller);
        escrow.registerOrder(terms);
        bytes32 termsHash = escrow.hashOf(terms);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.SubjectOfOtherOrder.selector, terms.id, SHIPMENT, ID));
        escrow.acceptOrder(terms.id, termsHash);
    }

    function test_acceptingWithoutTheDepositIsRefused() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.deposit = 1;
        vm.prank(seller);
        escrow.registerOrder(terms);
        bytes32 termsHash = escrow.hashOf(terms);
        vm.prank(buyer);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        escrow.acceptOrder(ID, termsHash);
    }

    function test_foreignOrLateSignaturesAreRefused() public {
        _registerOrder();
        bytes32 termsHash = escrow.termsHashOf(ID);
        bytes memory signature = _sign(borealis.key, escrow.orderAcceptanceDigest(ID, termsHash, buyer, START));
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AcceptanceUnsigned.selector, ID, seller));
        escrow.acceptOrderBySignature(ID, termsHash, seller, START, signature);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AcceptanceUnsigned.selector, ID, buyer));
        escrow.acceptOrderBySignature(ID, termsHash, buyer, START + 1, signature);
        vm.warp(START + 1);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AcceptanceExpired.selector, ID, START, START + 1));
        escrow.acceptOrderBySignature(ID, termsHash, buyer, START, signature);
        signature = _sign(acme.key, escrow.orderAcceptanceDigest(ID, termsHash, seller, START + 1));
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, ID, acme.id, borealis.id));
        escrow.acceptOrderBySignature(ID, termsHash, seller, START + 1, signature);
    }

    function test_cancelling() public {
        _registerOrder();
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotSellerOf.selector, ID, borealis.id, acme.id));
        escrow.cancelOrder(ID);
        vm.startPrank(seller);
        escrow.cancelOrder(ID);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Cancelled, IOrderEscrow.State.Registered));
        escrow.cancelOrder(ID);
    }

    function test_acceptedOrderIsNotCancelled() public {
        _accepted();
        vm.prank(seller);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Accepted, IOrderEscrow.State.Registered));
        escrow.cancelOrder(ID);
    }

    // Assigning: refusals

    function test_assigningIsForListedContractsOnly() public {
        _accepted();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AssigneeUnlisted.selector, stranger));
        escrow.assignProceeds(ID, seller);
        escrow.listAssignee(address(assignee), false);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AssigneeUnlisted.selector, address(assignee)));
        assignee.assign(escrow, ID, seller);
    }

    function test_assigningNeedsAnAcceptedOrderOfThatSeller() public {
        _registerOrder();
        vm.expectRevert(_wrongState(IOrderEscrow.State.Registered, IOrderEscrow.State.Accepted));
        assignee.assign(escrow, ID, seller);
        _acceptOrder(ID);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotSellerOf.selector, ID, borealis.id, acme.id));
        assignee.assign(escrow, ID, buyer);
    }

    function test_assignedOnceAtATime() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.AlreadyAssigned.selector, ID, address(assignee)));
        assignee.assign(escrow, ID, seller);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotAssigneeOf.selector, ID, seller, address(assignee)));
        escrow.releaseProceeds(ID);
        assignee.release(escrow, ID);
        assertEq(escrow.assigneeOf(ID), address(0));
        assertEq(escrow.order(ID).flags, 0);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotAssigneeOf.selector, ID, address(assignee), address(0)));
        assignee.release(escrow, ID);
        assignee.assign(escrow, ID, seller);
    }

    // Paying: refusals

    function test_payingNothingOrTooMuchOrTooEarlyIsRefused() public {
        _registerOrder();
        bytes32 termsHash = escrow.termsHashOf(ID);
        vm.startPrank(buyer);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Registered, IOrderEscrow.State.Accepted));
        escrow.payOrder(ID, 1);
        escrow.acceptOrder(ID, termsHash);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentZero.selector, ID));
        escrow.payOrder(ID, 0);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentExceedsOutstanding.selector, ID, VALUE + 1, VALUE));
        escrow.payOrder(ID, VALUE + 1);
    }

    function test_payingWithTooLittleGasForTheHintIsRefused() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        _give(buyer, VALUE);
        vm.prank(buyer);
        vm.expectPartialRevert(Hints.GasTooLow.selector);
        escrow.payOrder{gas: 400_000}(ID, VALUE);
        assertEq(escrow.outstanding(ID), VALUE, "nothing is paid");
    }

    // Happy path

    function test_registered() public {
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderRegistered(ID, acme.id, borealis.id, "EUR", VALUE, QUANTITY, DELIVER_BY);
        _registerOrder();
        IOrderEscrow.Order memory its = escrow.order(ID);
        assertEq(its.value, VALUE);
        assertEq(its.quantity, QUANTITY);
        assertEq(its.deliverBy, DELIVER_BY);
        assertTrue(its.seller == acme.id && its.buyer == borealis.id);
        assertEq(uint8(its.state), uint8(IOrderEscrow.State.Registered));
        assertEq(address(escrow.cashOf(ID)), address(euro));
        assertEq(escrow.sellerOf(ID), seller);
    }

    function test_linesAddUpWhereTheyShareAUnit() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.lines = new IOrderEscrow.Line[](2);
        terms.lines[0] = IOrderEscrow.Line("arabica", "KGM", 600_000, 7_000_000);
        terms.lines[1] = IOrderEscrow.Line("robusta", "KGM", 400_000, 3_000_000);
        vm.prank(seller);
        escrow.registerOrder(terms);
        IOrderEscrow.Order memory its = escrow.order(ID);
        assertEq(its.value, VALUE);
        assertEq(its.quantity, QUANTITY);
        assertEq(its.unit, bytes3("KGM"));
        IOrderEscrow.Payout[] memory payouts = escrow.payoutsOf(ID);
        assertEq(abi.encode(payouts), abi.encode(terms.payouts));

        (terms.id, terms.lines[1].unit, terms.payouts[1].measured) = (OrderId.wrap(7), "LTR", false);
        vm.prank(seller);
        escrow.registerOrder(terms);
        assertEq(escrow.order(terms.id).quantity, 0, "kilograms and litres are no sum");
        assertEq(escrow.order(terms.id).unit, bytes3(0));
    }

    function test_acceptedBySignatureWithTheDeposit() public {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        terms.deposit = 2_000_000;
        vm.prank(seller);
        escrow.registerOrder(terms);
        _give(buyer, 2_500_000);
        bytes32 termsHash = escrow.hashOf(terms);
        bytes memory signature = _sign(borealis.key, escrow.orderAcceptanceDigest(ID, termsHash, buyer, START));
        vm.expectEmit(address(escrow));
        emit IOrderEscrow.OrderAccepted(ID, buyer);
        vm.prank(stranger);
        escrow.acceptOrderBySignature(ID, termsHash, buyer, START, signature);
        assertEq(euro.balanceOf(buyer), 500_000);
        assertEq(escrow.order(ID).held, 2_000_000);
        assertEq(escrow.fundedBy(ID, buyer), 2_000_000);
        assertEq(escrow.buyerOf(ID), buyer);
        assertEq(escrow.depositOf(ID), 2_000_000);
        assertEq(OrderId.unwrap(escrow.orderOfSubject(SHIPMENT)), OrderId.unwrap(ID));
        vm.expectRevert(_wrongState(IOrderEscrow.State.Accepted, IOrderEscrow.State.Registered));
        escrow.acceptOrderBySignature(ID, termsHash, buyer, START, signature);
    }

    function test_unassignedPaymentGoesToTheSeller() public {
        _accepted();
        _payOrder(4_000_000);
        assertEq(euro.balanceOf(seller), 4_000_000);
        assertEq(escrow.outstanding(ID), 6_000_000);
        _payOrder(6_000_000);
        assertEq(uint8(escrow.order(ID).state), uint8(IOrderEscrow.State.Settled));
        assertEq(euro.balanceOf(address(escrow)), 0);
    }

    function test_assignedPaymentGoesToTheAssigneeWhichIsTold() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        _payOrder(VALUE);
        assertEq(euro.balanceOf(address(assignee)), VALUE);
        assertEq(assignee.hints(), 1);
        assertEq(euro.balanceOf(seller), 0);
    }

    /// @dev Refusing, endless or flooding: the payment stands, and the payer's gas is bounded.
    function testFuzz_badAssigneeHoldsUpNoPayment(uint8 mood) public {
        mood = uint8(bound(mood, 1, 3));
        _accepted();
        assignee.assign(escrow, ID, seller);
        assignee.setMood(Assignee.Mood(mood));
        _give(buyer, VALUE);
        vm.prank(buyer);
        if (mood != uint8(Assignee.Mood.Flooding)) {
            vm.expectEmit(address(escrow));
            emit IOrderEscrow.ProceedsHintFailed(ID, address(assignee));
        }
        escrow.payOrder{gas: Hints.NEEDED + 500_000}(ID, VALUE);
        assertEq(euro.balanceOf(address(assignee)), VALUE);
        assertEq(escrow.outstanding(ID), 0);
    }

    function test_paymentToAFrozenSellerIsParked() public {
        _accepted();
        registry.freezeAccount(seller);
        _payOrder(VALUE);
        assertEq(escrow.parked(seller, address(euro)), VALUE);
        assertEq(euro.balanceOf(address(escrow)), VALUE);
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, seller));
        escrow.claimParked(address(euro));

        registry.unfreezeAccount(seller);
        vm.startPrank(seller);
        vm.expectEmit(address(escrow));
        emit IParkedPayouts.ParkedClaimed(seller, address(euro), VALUE);
        escrow.claimParked(address(euro));
        assertEq(euro.balanceOf(seller), VALUE);
        vm.expectRevert(abi.encodeWithSelector(IParkedPayouts.NothingParked.selector, seller, address(euro)));
        escrow.claimParked(address(euro));
    }

    /// @dev In whatever parts, and however often it is assigned in between, each payment is somebody's.
    function testFuzz_paymentsSumUp(uint256[5] memory parts, uint8 assignments) public {
        _accepted();
        uint256 left = VALUE;
        for (uint256 i; i < 5; ++i) {
            bool assigned = assignments >> i & 1 == 1;
            if (assigned) assignee.assign(escrow, ID, seller);
            uint256 amount = i == 4 ? left : bound(parts[i], 1, left / 2);
            uint256 before = euro.balanceOf(assigned ? address(assignee) : seller);
            _payOrder(amount);
            assertEq(euro.balanceOf(assigned ? address(assignee) : seller), before + amount);
            left -= amount;
            assertEq(escrow.outstanding(ID), left);
            if (assigned) assignee.release(escrow, ID);
        }
        assertEq(euro.balanceOf(address(assignee)) + euro.balanceOf(seller), VALUE);
    }

    // Internals

    function _valueOutOfRange(uint256 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderEscrow.OrderValueOutOfRange.selector, ID, value, type(uint56).max);
    }

    function _quantityOutOfRange(uint256 quantity) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderEscrow.OrderQuantityOutOfRange.selector, ID, quantity, type(uint48).max);
    }

    function _deliverByOutOfRange(uint256 day) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(IOrderEscrow.DeliverByOutOfRange.selector, ID, day, START / 1 days, type(uint16).max);
    }

    function _payoutsInvalid(uint256 step) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderEscrow.PayoutsInvalid.selector, ID, step);
    }

    function _registerRefused(IOrderEscrow.OrderTerms memory terms, bytes memory refusal) private {
        vm.prank(seller);
        vm.expectRevert(refusal);
        escrow.registerOrder(terms);
    }
}
