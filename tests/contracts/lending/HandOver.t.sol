// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {OrderCollateral} from "../../../contracts/lending/OrderCollateral.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {
    FacilityId,
    FinancingId,
    GroupId,
    OrderId,
    OrganisationId,
    ReceivableId
} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Leis} from "../support/Leis.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title From the order to the invoice: one debt, another paper. The order is drawn on when the goods have left; the
/// invoice is accepted, and the goods received, before it takes the order's place.
contract HandOverTest is LendingBase {
    FinancingId private id;

    function setUp() public override {
        super.setUp();
        id = _openOnOrder();
        _depart(ORDER_SHIPMENT);
        _registerAndAccept();
        vm.prank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        vm.warp(START + 5 days);
        _attestReceived(ORDER_SHIPMENT);
        vm.prank(supplier);
        oracle.openSubject(SHIPMENT, new bytes32[](0));
    }

    // Refusals

    function test_onlyTheSupplierHandsOver() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.NotSupplierOf.selector, facility, stranger, supplier));
        vm.prank(stranger);
        desk.handOver(id, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, address(0));
        registry.freezeAccount(supplier);
        _refused(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, supplier));
    }

    function test_unknownFinancing() public {
        FinancingId unknown = FinancingId.wrap(9);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, unknown));
        vm.prank(supplier);
        desk.handOver(unknown, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, address(0));
    }

    function test_whatIsPaidOrInDefaultStaysWhereItIs() public {
        uint256 snapshot = vm.snapshotState();
        desk.declareDefault(id, 0);
        _refused(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        vm.revertToState(snapshot);
        _fundAndApprove(supplier, 10_000_000, address(desk));
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        _refused(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector, id, IFinancingDesk.State.Repaid, IFinancingDesk.State.Open
            )
        );
    }

    function test_lossesAndArrearsStayWhereTheyAre() public {
        desk.setImpairment(id, 1);
        _refused(abi.encodeWithSelector(IFinancingDesk.HandoverTooLate.selector, id, 1, DELIVER_BY));
        desk.setImpairment(id, 0);
        desk.writeOff(id, 7);
        _refused(abi.encodeWithSelector(IFinancingDesk.HandoverTooLate.selector, id, 7, DELIVER_BY));
    }

    function test_notAfterMaturity() public {
        vm.warp((DELIVER_BY + 1) * 1 days);
        _refused(abi.encodeWithSelector(IFinancingDesk.HandoverTooLate.selector, id, 0, DELIVER_BY));
        vm.warp((DELIVER_BY + 1) * 1 days - 1);
        _handOver();
    }

    function test_notUnderRecourse() public {
        desk.openRecourse(id);
        _refused(abi.encodeWithSelector(IFinancingDesk.RecourseIsOpen.selector, facility, id));
        desk.closeRecourse(id);
        _handOver();
    }

    function test_openingsStoppedStopIt() public {
        desk.stop(IFinancingDesk.Stoppable.Opening);
        _refused(abi.encodeWithSelector(IFinancingDesk.IsStopped.selector, IFinancingDesk.Stoppable.Opening));
        desk.resume(IFinancingDesk.Stoppable.Opening);
        _handOver();
    }

    function test_adapterMustBeListed() public {
        desk.listCollateral(invoices, false);
        _refused(abi.encodeWithSelector(IFinancingDesk.CollateralUnlisted.selector, invoices));
    }

    function test_facilityNeedsALadderForIt() public {
        OrderCollateral others = _otherOrders();
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderMissing.selector, facility));
        vm.prank(supplier);
        desk.handOver(id, others, ORDER, FACE_VALUE, ORDER_SHIPMENT, address(0));
    }

    /// @dev Or a debt could be put off for ever, from one adapter to the other and back.
    function test_eachAdapterOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AlreadyBackedBy.selector, id, orders));
        vm.prank(supplier);
        desk.handOver(id, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT, address(0));
        _handOver();
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AlreadyBackedBy.selector, id, orders));
        vm.prank(supplier);
        desk.handOver(id, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT, address(0));
        _refused(abi.encodeWithSelector(IFinancingDesk.AlreadyBackedBy.selector, id, invoices));
    }

    function test_nothingComesAfterAReceivable() public {
        OrderCollateral others = _otherOrders();
        desk.setLadder(facility, others, _ladder(9000, 9500, 9600, false));
        _handOver();
        uint256 second = _secondOrder();
        vm.expectRevert(abi.encodeWithSelector(ICollateral.CannotRetire.selector, id));
        vm.prank(supplier);
        desk.handOver(id, others, second, FACE_VALUE, SHIPMENT, address(0));
    }

    function test_consignmentsOfOthersAreRefused() public {
        Party memory other = _admit("HARBOURGOODS", Roles.SUPPLIER);
        bytes32 theirs = keccak256("theirs");
        vm.prank(other.account);
        oracle.openSubject(theirs, new bytes32[](0));
        uint256 ours = GroupId.unwrap(registry.membershipOf(supplier).group);
        uint256 group = GroupId.unwrap(registry.membershipOf(other.account).group);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.SubjectNotOfSupplier.selector, theirs, group, ours));
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, FACE_VALUE, theirs, address(0));
    }

    /// @dev What backs another financing already does not back this one too.
    function test_consignmentOfAnotherFinancingIsRefused() public {
        uint256 half = FACE_VALUE / 2;
        _pledge(facility, ITEM, half, SHIPMENT);
        vm.expectRevert(
            abi.encodeWithSelector(IMilestoneOracle.SubjectAlreadyWatched.selector, SHIPMENT, address(desk))
        );
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, half, SHIPMENT, address(0));
    }

    function test_goodsGoToNobodyButTheDebtor() public {
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.RecipientNotDebtor.selector, id, cobalt, lender.id, borealis.id)
        );
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, cobalt);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.NothingToHandOn.selector, id, debtor));
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT, debtor);
    }

    /// @dev Of the paper, the smallest part that bears the debt, and one minor unit less of it.
    function test_whatIsOwedMustBeBorne() public {
        uint256 owed = _owed(id);
        uint256 enough = (owed * 10_000 + 7999) / 8000;
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.HandoverUncovered.selector, id, owed, (enough - 1) * 8000 / 10_000)
        );
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, enough - 1, ORDER_SHIPMENT, address(0));
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, enough, ORDER_SHIPMENT, address(0));
        assertGe(_base(id), owed);
    }

    function test_capsOnANewDebtorHold() public {
        (uint256 item, OrganisationId other) = _invoiceToAnother("DE");
        uint256 principal = desk.financing(id).principal;
        concentration.setCap(pool, IConcentration.Dimension.Debtor, OrganisationId.unwrap(other), principal - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.HandoverExceedsCap.selector, id, principal, principal - 1)
        );
        vm.prank(supplier);
        desk.handOver(id, invoices, item, FACE_VALUE, ORDER_SHIPMENT, address(0));
    }

    function test_onlyTheDeskRetires() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, supplier, address(desk)));
        vm.prank(supplier);
        orders.retire(id, invoices, ITEM, address(0));
        FinancingId unknown = FinancingId.wrap(9);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeUnknown.selector, unknown));
        vm.prank(address(desk));
        orders.retire(unknown, invoices, ITEM, address(0));
    }

    // Happy path

    function test_theDebtGoesOnAndThePaperChanges() public {
        IFinancingDesk.Financing memory before = desk.financing(id);
        uint256 owed = _owed(id);
        ILendingPool.Books memory books = pool.books();
        uint256 cash = euro.balanceOf(supplier);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingHandedOver(id, orders, invoices, ITEM, FACE_VALUE, ORDER_SHIPMENT);
        vm.expectEmit(address(orders));
        emit ICollateral.CollateralRetired(id, ORDER, invoices, ITEM);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.MaturitySet(id, DELIVER_BY, DUE_DATE);
        _handOver();

        IFinancingDesk.Financing memory its = desk.financing(id);
        assertEq(address(its.collateral), address(invoices));
        assertEq(its.itemId, ITEM);
        assertEq(its.subject, ORDER_SHIPMENT);
        assertEq(its.maturityDay, DUE_DATE);
        (its.collateral, its.itemId, its.maturityDay) = (before.collateral, before.itemId, before.maturityDay);
        assertEq(keccak256(abi.encode(its)), keccak256(abi.encode(before)), "nothing else has changed");
        assertEq(_owed(id), owed);
        assertEq(keccak256(abi.encode(pool.books())), keccak256(abi.encode(books)));
        assertEq(euro.balanceOf(supplier), cash);
        assertEq(_drawn(facility), before.principal);
        ICollateral[] memory earlier = desk.earlierCollateral(id);
        assertEq(earlier.length, 1);
        assertEq(address(earlier[0]), address(orders));
    }

    function test_onlyTheNewPaperCounts() public {
        assertGt(orders.borrowingBase(id), 0);
        _handOver();
        assertEq(orders.borrowingBase(id), 0);
        assertEq(orders.borrowingBaseOf(id, ORDER_SHIPMENT), 0);
        assertEq(orders.valueOf(id), 0);
        assertEq(orders.ladderOf(id).length, 0);
        assertEq(_base(id), FACE_VALUE * 8000 / 10_000);
        assertEq(_custody(), FACE_VALUE);
        assertEq(escrow.assigneeOf(OrderId.wrap(ORDER)), address(orders), "what the buyer pays on it still comes here");
        assertEq(FinancingId.unwrap(desk.financingOf(ORDER_SHIPMENT)), FinancingId.unwrap(id));
    }

    /// @dev Whichever is paid first.
    function test_bothPapersPayTheFinancing() public {
        _handOver();
        uint256 owed = _owed(id);
        _payOrder(1_000_000);
        assertEq(_owed(id), owed - 1_000_000);
        _payInvoice(1_000_000);
        assertEq(_owed(id), owed - 2_000_000);
        uint256 before = euro.balanceOf(supplier);
        _payOrder(9_000_000);
        assertEq(_owed(id), 0);
        assertEq(euro.balanceOf(supplier) - before, 9_000_000 - (owed - 2_000_000), "the rest is the supplier's");
        before = euro.balanceOf(supplier);
        _payInvoice(5_000_000);
        assertEq(euro.balanceOf(supplier) - before, 5_000_000);
    }

    function test_othersStillHaveNoProceedsToBring() public {
        _handOver();
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyCollateralOf.selector, id, stranger, address(invoices))
        );
        vm.prank(stranger);
        desk.applyProceeds(id, 1);
    }

    function test_allOfItGoesBackInTheEnd() public {
        _repayDownTo(1_000_000);
        desk.setLadder(facility, invoices, _ladder(2000, 6000, 8000, true));
        _handOver(SHIPMENT);
        assertEq(FinancingId.unwrap(desk.financingOf(ORDER_SHIPMENT)), FinancingId.unwrap(id), "it watches both");
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), FinancingId.unwrap(id));
        _fundAndApprove(supplier, 10_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(id, type(uint256).max);
        desk.release(id);
        vm.stopPrank();
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
        assertEq(escrow.assigneeOf(OrderId.wrap(ORDER)), address(0));
        assertEq(FinancingId.unwrap(desk.financingOf(ORDER_SHIPMENT)), 0);
        assertEq(FinancingId.unwrap(desk.financingOf(SHIPMENT)), 0);
        assertEq(orders.financingsOf(ORDER).length, 0);
    }

    /// @dev Both papers on one consignment: it is given free once.
    function test_oneConsignmentIsGivenFreeOnce() public {
        _handOver();
        _fundAndApprove(supplier, 10_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(id, type(uint256).max);
        desk.release(id);
        vm.stopPrank();
        assertEq(FinancingId.unwrap(desk.financingOf(ORDER_SHIPMENT)), 0);
    }

    /// @dev A fact of the earlier consignment pokes the financing; what it may draw is still measured by its own one, of
    /// which nothing is attested.
    function test_factsOfTheEarlierConsignmentDoNotCount() public {
        _repayDownTo(1_000_000);
        desk.setLadder(facility, invoices, _ladder(2000, 6000, 8000, true));
        _handOver(SHIPMENT);
        assertEq(_base(id), FACE_VALUE * 2000 / 10_000);
        uint256 principal = desk.financing(id).principal;
        _fact(carrier, inspector, ORDER_SHIPMENT, Milestones.RECEIVED, 2, uint64(QUANTITY));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        desk.poke(id);
        assertLe(_owed(id), FACE_VALUE * 2000 / 10_000);
        assertEq(desk.financing(id).principal, principal, "repaid ahead");
    }

    function test_theRestOfTheNewBaseIsDrawn() public {
        _handOver();
        (, uint256 available) = desk.availability(id);
        uint256 before = euro.balanceOf(supplier);
        assertEq(desk.poke(id), available);
        assertGt(available, 1_000_000);
        assertEq(euro.balanceOf(supplier) - before, available);
        assertLe(_owed(id), _base(id));
    }

    function test_exposureGoesToTheNewDebtor() public {
        (uint256 item, OrganisationId other) = _invoiceToAnother("DE");
        uint256 principal = desk.financing(id).principal;
        assertEq(_exposure(borealis.id), principal);
        vm.prank(supplier);
        desk.handOver(id, invoices, item, FACE_VALUE, ORDER_SHIPMENT, address(0));
        assertEq(_exposure(borealis.id), 0);
        assertEq(_exposure(other), principal);
        uint256 drawn = desk.poke(id);
        assertEq(_exposure(other), principal + drawn);
        _fundAndApprove(supplier, 20_000_000, address(desk));
        vm.prank(supplier);
        desk.repay(id, type(uint256).max);
        assertEq(_exposure(other), 0);
    }

    /// @dev It is no new risk: what a cap has been lowered to since does not keep the paper from following the goods.
    function test_loweredCapsDoNotHoldUpTheSameDebtor() public {
        concentration.setCap(pool, IConcentration.Dimension.Debtor, OrganisationId.unwrap(borealis.id), 1);
        _handOver();
        assertEq(_exposure(borealis.id), desk.financing(id).principal);
    }

    function test_placesAreCounted() public {
        (LendingPool placed,, TrancheVault lenders,) = _deployPool(euro, 400, 0);
        concentration.setDefaultCap(placed, IConcentration.Dimension.Country, CAP);
        _fundTranche(lenders, granite, 10_000_000);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = placed;
        FacilityId line = _openFacility(terms);
        uint256 second = _secondOrder();
        vm.prank(supplier);
        FinancingId other = desk.openFinancing(line, orders, second, FACE_VALUE, SHIPMENT);
        uint256 principal = desk.financing(other).principal;
        uint256 country = uint16(bytes2("DE"));
        assertEq(concentration.exposureOf(placed, IConcentration.Dimension.Country, country), principal);
        (uint256 item,) = _invoiceToAnother("FR");
        desk.setLadder(line, invoices, _ladder(3000, 6000, 8000, true));
        vm.prank(supplier);
        desk.handOver(other, invoices, item, FACE_VALUE, SHIPMENT, address(0));
        assertEq(concentration.exposureOf(placed, IConcentration.Dimension.Country, country), 0);
        assertEq(concentration.exposureOf(placed, IConcentration.Dimension.Country, uint16(bytes2("FR"))), principal);
    }

    function test_refinancedAfterwardsItStillTakesEarlierProceeds() public {
        _handOver();
        FacilityId next = _openFacility(LIMIT, 0);
        desk.refinance(id, next);
        uint256 owed = _owed(id);
        _payOrder(1_000_000);
        assertEq(_owed(id), owed - 1_000_000);
    }

    function test_healthFollows() public {
        ILendingPool[] memory pools = new ILendingPool[](1);
        pools[0] = pool;
        HealthCheck health = new HealthCheck(desk, pools);
        _handOver();
        (bool healthy, string memory broken,) = health.check();
        assertTrue(healthy, broken);
        vm.mockCall(address(orders), abi.encodeWithSelector(ICollateral.valueOf.selector), abi.encode(1));
        (healthy, broken,) = health.check();
        assertFalse(healthy);
        assertEq(broken, "what was handed over counts no more");
        vm.clearMockedCalls();
        vm.mockCallRevert(address(desk), abi.encodeWithSelector(desk.applyProceeds.selector), "");
        _payOrder(1000);
        vm.clearMockedCalls();
        assertEq(orders.cashOf(id), 1000);
        deal(address(euro), address(orders), 999);
        (healthy, broken,) = health.check();
        assertEq(broken, "a custodian holds the money that waits with it");
    }

    // Fuzz

    /// @dev Expected: what the same days and the same payment make of the debt where nothing is handed over.
    function testFuzz_oneAccrual(uint256 untilThen, uint256 afterwards, uint256 paid) public {
        (untilThen, afterwards) = (bound(untilThen, 0, 12 days), bound(afterwards, 0, 12 days));
        paid = bound(paid, 1, 5_000_000);
        uint256 snapshot = vm.snapshotState();
        vm.warp(vm.getBlockTimestamp() + untilThen + afterwards);
        uint256 expected = _owed(id);
        _payOrder(paid);
        uint256 left = _owed(id);
        vm.revertToState(snapshot);
        vm.warp(vm.getBlockTimestamp() + untilThen);
        _handOver();
        vm.warp(vm.getBlockTimestamp() + afterwards);
        assertEq(_owed(id), expected);
        _payOrder(paid);
        assertEq(_owed(id), left);
        assertEq(left, expected - paid);
    }

    /// @dev Whatever part of the paper is offered: it takes over exactly where that part, at its rate, bears the debt.
    function testFuzz_neverUncovered(uint256 units, uint256 days_) public {
        units = bound(units, FACE_VALUE / 64, FACE_VALUE);
        vm.warp(vm.getBlockTimestamp() + bound(days_, 0, 24) * 1 days);
        (uint256 owed, uint256 base) = (_owed(id), units * 8 / 10);
        if (owed > base) {
            vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.HandoverUncovered.selector, id, owed, base));
        }
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, units, ORDER_SHIPMENT, address(0));
        assertEq(_custody(), owed > base ? 0 : units);
        assertEq(_base(id), owed > base ? FACE_VALUE * 8 / 10 : base);
    }

    // The scene

    function _handOver() private {
        _handOver(ORDER_SHIPMENT);
    }

    function _handOver(bytes32 subject) private {
        vm.prank(supplier);
        desk.handOver(id, invoices, ITEM, FACE_VALUE, subject, address(0));
    }

    function _refused(bytes memory reason) private {
        vm.expectRevert(reason);
        _handOver();
    }

    function _attestReceived(bytes32 subject) private {
        _fact(warehouse, inspector, subject, Milestones.RECEIVED, 1, uint64(QUANTITY));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
    }

    function _otherOrders() private returns (OrderCollateral others) {
        others = new OrderCollateral(escrow, oracle, desk, address(applications), registry);
        registry.admitAccount(operator.lei, address(others));
        escrow.listAssignee(address(others), true);
        desk.listCollateral(others, true);
    }

    function _secondOrder() private returns (uint256 item) {
        IOrderEscrow.OrderTerms memory terms = _orderTerms();
        item = uint256(keccak256("PO-2026-0816"));
        (terms.id, terms.subject) = (OrderId.wrap(item), SHIPMENT);
        _registerAndAccept(terms);
    }

    function _invoiceToAnother(bytes2 country) private returns (uint256 item, OrganisationId other) {
        bytes20 lei = Leis.make("DOCKSIDESTORES");
        address account = makeAddr("DOCKSIDESTORES");
        other = registry.registerOrganisation(lei, bytes20(0), country, Roles.DEBTOR, KYC_EXPIRES);
        registry.admitAccount(lei, account);
        IReceivableToken.RegisterTerms memory terms = _terms();
        item = uint256(keccak256("Acme 2026-0816"));
        (terms.id, terms.debtor) = (ReceivableId.wrap(item), account);
        vm.prank(supplier);
        receivables.register(terms);
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        acceptance.id = terms.id;
        vm.prank(account);
        receivables.accept(acceptance);
    }

    function _exposure(OrganisationId organisation) private view returns (uint256) {
        uint256 key = OrganisationId.unwrap(organisation);
        return concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key);
    }

    function _payInvoice(uint256 amount) private {
        _fundAndApprove(debtor, amount, address(receivables));
        vm.prank(debtor);
        receivables.pay(_invoice(), amount);
    }

    function _repayDownTo(uint256 left) private {
        uint256 amount = _owed(id) - left;
        _fundAndApprove(supplier, amount, address(desk));
        vm.prank(supplier);
        desk.repay(id, amount);
    }
}
