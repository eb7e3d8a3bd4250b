// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../../../contracts/libraries/Hints.sol";
import {IParkedPayouts} from "../../../contracts/libraries/ParkedPayouts.sol";
import {IProceedsReceiver} from "../../../contracts/receivables/interfaces/IProceedsReceiver.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {OrderId} from "../../../contracts/types/Ids.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title An assignee that does with a hint whatever the test wants.
contract Assignee is IProceedsReceiver {
    enum Mood {
        Glad,
        Refusing,
        Greedy,
        Flooding
    }

    Mood public mood;
    uint256 public hints;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function assign(OrderEscrow escrow, OrderId id, address seller) external {
        escrow.assignProceeds(id, seller);
    }

    function release(OrderEscrow escrow, OrderId id) external {
        escrow.releaseProceeds(id);
    }

    function onProceeds(uint256) external {
        if (mood == Mood.Refusing) revert("no");
        while (mood == Mood.Greedy) ++hints;
        if (mood == Mood.Flooding) {
            assembly {
                return(0, 100000)
            }
        }
        ++hints;
    }
}

contract OrderEscrowTest is Network {
    OrderId private constant ID = OrderId.wrap(uint256(keccak256("PO-2026-0815")));
    uint256 private constant VALUE = 10_000_000;
    uint256 private constant DELIVER_BY = START / 1 days + 30;

    OrderEscrow private escrow;
    Assignee private assignee;
    address private seller;
    address private buyer;
    address private stranger = makeAddr("stranger");

    function setUp() public override {
        super.setUp();
        (seller, buyer) = (acme.account, borealis.account);
        escrow = new OrderEscrow(registry, address(manager));
        assignee = new Assignee();
        registry.admitAccount(operator.lei, address(escrow));
        registry.admitAccount(operator.lei, address(assignee));
        _allow(escrow.listCurrency.selector, address(escrow), Offices.GOVERNOR);
        _allow(escrow.listAssignee.selector, address(escrow), Offices.GOVERNOR);
        escrow.listCurrency(euro);
        escrow.listAssignee(address(assignee), true);
    }

    // Listing

    function test_onlyTheGovernorLists() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        escrow.listCurrency(dollar);
        vm.expectRevert(refusal);
        escrow.listAssignee(stranger, true);
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
        terms.value = 0;
        _registerRefused(terms, _valueOutOfRange(0));
        terms.value = uint256(type(uint56).max) + 1;
        _registerRefused(terms, _valueOutOfRange(terms.value));
        terms = _orderTerms();
        terms.quantity = uint256(type(uint48).max) + 1;
        _registerRefused(terms, _quantityOutOfRange(terms.quantity));
        terms = _orderTerms();
        terms.deliverBy = START / 1 days - 1;
        _registerRefused(terms, _deliverByOutOfRange(terms.deliverBy));
        terms.deliverBy = uint256(type(uint16).max) + 1;
        _registerRefused(terms, _deliverByOutOfRange(terms.deliverBy));
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
        vm.prank(seller);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotBuyerOf.selector, ID, acme.id, borealis.id));
        escrow.acceptOrder(ID, VALUE, QUANTITY, DELIVER_BY);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        escrow.acceptOrder(ID, VALUE, QUANTITY, DELIVER_BY);
    }

    function test_acceptingOtherTermsIsRefused() public {
        _registerOrder();
        vm.startPrank(buyer);
        vm.expectRevert(_differs(VALUE - 1, QUANTITY, DELIVER_BY));
        escrow.acceptOrder(ID, VALUE - 1, QUANTITY, DELIVER_BY);
        vm.expectRevert(_differs(VALUE, QUANTITY + 1, DELIVER_BY));
        escrow.acceptOrder(ID, VALUE, QUANTITY + 1, DELIVER_BY);
        vm.expectRevert(_differs(VALUE, QUANTITY, DELIVER_BY + 1));
        escrow.acceptOrder(ID, VALUE, QUANTITY, DELIVER_BY + 1);
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
        _acceptOrder();
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
        assertFalse(escrow.order(ID).assigned);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.NotAssigneeOf.selector, ID, address(assignee), address(0)));
        assignee.release(escrow, ID);
        assignee.assign(escrow, ID, seller);
    }

    // Paying: refusals

    function test_payingNothingOrTooMuchOrTooEarlyIsRefused() public {
        _registerOrder();
        vm.startPrank(buyer);
        vm.expectRevert(_wrongState(IOrderEscrow.State.Registered, IOrderEscrow.State.Accepted));
        escrow.payOrder(ID, 1);
        escrow.acceptOrder(ID, VALUE, QUANTITY, DELIVER_BY);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentZero.selector, ID));
        escrow.payOrder(ID, 0);
        vm.expectRevert(abi.encodeWithSelector(IOrderEscrow.PaymentExceedsOutstanding.selector, ID, VALUE + 1, VALUE));
        escrow.payOrder(ID, VALUE + 1);
    }

    function test_payingWithTooLittleGasForTheHintIsRefused() public {
        _accepted();
        assignee.assign(escrow, ID, seller);
        _fund(VALUE);
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
        _fund(VALUE);
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

    function _orderTerms() private view returns (IOrderEscrow.OrderTerms memory) {
        return IOrderEscrow.OrderTerms(ID, buyer, "EUR", VALUE, QUANTITY, DELIVER_BY);
    }

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

    function _differs(uint256 value, uint256 quantity, uint256 deliverBy) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IOrderEscrow.AcceptanceDiffers.selector, ID, value, VALUE, quantity, QUANTITY, deliverBy, DELIVER_BY
        );
    }

    function _wrongState(IOrderEscrow.State state, IOrderEscrow.State needed) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderEscrow.OrderStateWrong.selector, ID, state, needed);
    }

    function _registerRefused(IOrderEscrow.OrderTerms memory terms, bytes memory refusal) private {
        vm.prank(seller);
        vm.expectRevert(refusal);
        escrow.registerOrder(terms);
    }

    function _registerOrder() private {
        vm.prank(seller);
        escrow.registerOrder(_orderTerms());
    }

    function _acceptOrder() private {
        vm.prank(buyer);
        escrow.acceptOrder(ID, VALUE, QUANTITY, DELIVER_BY);
    }

    function _accepted() private {
        _registerOrder();
        _acceptOrder();
    }

    function _fund(uint256 amount) private {
        _issue(euro, buyer, amount);
        vm.prank(buyer);
        euro.approve(address(escrow), type(uint256).max);
    }

    function _payOrder(uint256 amount) private {
        _fund(amount);
        vm.prank(buyer);
        escrow.payOrder(ID, amount);
    }
}
