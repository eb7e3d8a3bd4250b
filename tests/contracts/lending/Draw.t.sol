// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {LendingBase} from "./LendingBase.sol";

contract DrawTest is LendingBase {
    // Refusals

    function test_onlyTheOracleCallsBack() public {
        _open();
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.OnlyOracle.selector, address(this), address(oracle)));
        desk.onMilestone(SHIPMENT, 1, Milestones.DEPARTED, 1);
    }

    function test_pokingWhatWasNeverOpenedIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, FinancingId.wrap(1)));
        desk.poke(FinancingId.wrap(1));
    }

    function test_hintOnNoFinancingIsRefused() public {
        vm.prank(address(oracle));
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, FinancingId.wrap(0)));
        desk.onMilestone(SHIPMENT, 0, Milestones.DEPARTED, 1);
        assertEq(pool.books().principalOut, 0);
    }

    function test_nothingIsDrawnBeforeTheFact() public {
        FinancingId id = _open();
        assertEq(desk.poke(id), 0);
        _attestAlone(carrier);
        assertEq(desk.poke(id), 0, "one organisation is no quorum");
        assertEq(euro.balanceOf(supplier), 0);
    }

    function test_expiredFacilityDrawsNothing() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.expiresAt = uint40(START + 1 days);
        FacilityId short = _openFacility(terms);
        _registerAndAccept();
        _openSubject();
        FinancingId id = _pledge(short, ITEM, FACE_VALUE, SHIPMENT);
        vm.warp(START + 1 days);
        _depart(SHIPMENT);
        assertEq(desk.poke(id), 0);
        assertEq(euro.balanceOf(supplier), 0);
    }

    function test_impairedFinancingDrawsNothing() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        desk.setImpairment(id, 1);
        uint256 before = euro.balanceOf(supplier);
        _receive(SHIPMENT, uint64(QUANTITY));
        assertEq(euro.balanceOf(supplier), before);
        (, uint256 available) = desk.availability(id);
        assertEq(available, 0);

        desk.setImpairment(id, 0);
        assertGt(desk.poke(id), 0);
    }

    // Happy path

    /// @dev The quorum's last vote, the base, the draw and the cash: one transaction.
    function test_factMovesCashInTheSameCall() public {
        FinancingId id = _open();
        uint256 amount = _greatestDraw(6_000_000, CHARGES_BPS);
        uint256 fee = _feeUp(amount, FEE_BPS);
        uint256 toReserve = _feeUp(amount, CHARGES_BPS) - fee;
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Drawn(id, facility, supplier, amount, fee, toReserve, 6_000_000, amount);
        _depart(SHIPMENT);

        assertEq(euro.balanceOf(supplier), amount);
        assertEq(pool.books().cash, FUNDED - amount);
        assertEq(pool.books().principalOut, amount);
        assertEq(_drawn(facility), amount);
        assertEq(_owed(id), amount + fee + toReserve);
        assertEq(_exposure(), amount);
        assertEq(euro.balanceOf(debtor), 0, "nobody else's money moved");
        assertEq(desk.poke(id), 0, "and the poke finds nothing left to do");
    }

    function test_shortDeliveryLowersTheBase() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 first = euro.balanceOf(supplier);
        vm.warp(START + 16 days);
        _receive(SHIPMENT, 950_000);

        uint256 base = 7_600_000; // 80 % of 950 of 1,000 pieces
        assertEq(_base(id), base);
        uint256 interest = _ceil(first * RATE_BPS * (16 days + WINDOW), 10_000 * 360 days);
        uint256 room = base - first - _feeUp(first, CHARGES_BPS) - interest;
        assertEq(euro.balanceOf(supplier) - first, _greatestDraw(room, CHARGES_BPS));
        assertLe(_owed(id), base);
    }

    /// @dev What was drawn on good news is not clawed back, but nothing more is drawn on worse news.
    function test_veryShortDeliveryDrawsNothing() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 first = euro.balanceOf(supplier);
        _receive(SHIPMENT, 500_000);
        assertEq(_base(id), 4_000_000);
        assertEq(euro.balanceOf(supplier), first);
        assertEq(desk.poke(id), 0);
    }

    function test_limitBoundsTheDraw() public {
        FacilityId small = _openFacility(1_000_000, FEE_BPS);
        _registerAndAccept();
        _openSubject();
        FinancingId id = _pledge(small, ITEM, FACE_VALUE, SHIPMENT);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 1_000_000);
        assertEq(_drawn(small), 1_000_000);
        assertEq(desk.poke(id), 0);
    }

    /// @dev One limit over all financings of the facility, and what is repaid may be drawn on another.
    function test_limitRevolvesOverFinancings() public {
        FacilityId small = _openFacility(6_500_000, 0);
        _registerAndAccept();
        _openSubject();
        _pledge(small, ITEM, FACE_VALUE, SHIPMENT);
        _depart(SHIPMENT);
        _registerAndAcceptOrder();
        vm.prank(supplier);
        FinancingId second = desk.openFinancing(small, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        assertEq(desk.financing(second).principal, 500_000, "what the first left of the limit");

        _pay(FACE_VALUE);
        assertEq(_drawn(small), 500_000);
        assertEq(desk.poke(second), 2_500_000);
        assertEq(_drawn(small), 3_000_000);
    }

    function test_poolWithoutCashDefersTheDraw() public {
        _leaveCash(1_000_000);
        FinancingId id = _open();
        uint256 wanted = _greatestDraw(6_000_000, CHARGES_BPS);
        _expectDeferred(id, IFinancingDesk.Bound.Cash, wanted, 1_000_000);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 1_000_000);

        _expectDeferred(id, IFinancingDesk.Bound.Cash, wanted - 1_000_000, 0);
        assertEq(desk.poke(id), 0);
        assertEq(_exposure(), 1_000_000, "what was not lent was given back to the caps");

        _fundTranche(junior, granite, wanted);
        assertApproxEqAbs(desk.poke(id), wanted - 1_000_000, 2, "the rest, but for the rounding of two fees");
        assertLe(_owed(id), _base(id));
    }

    function test_poolWhoseDrawsAreStoppedDefers() public {
        FinancingId id = _open();
        pool.stop(ILendingPool.Stoppable.Draws);
        _expectDeferred(id, IFinancingDesk.Bound.Cash, _greatestDraw(6_000_000, CHARGES_BPS), 0);
        _depart(SHIPMENT);
        pool.resume(ILendingPool.Stoppable.Draws);
        assertEq(desk.poke(id), _greatestDraw(6_000_000, CHARGES_BPS));
    }

    function test_capBoundsTheDraw() public {
        _setCaps(pool, 2_000_000);
        FinancingId id = _open();
        uint256 wanted = _greatestDraw(6_000_000, CHARGES_BPS);
        _expectDeferred(id, IFinancingDesk.Bound.Cap, wanted, 2_000_000);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 2_000_000);
        assertEq(_exposure(), 2_000_000);
        (, uint256 available) = desk.availability(id);
        assertEq(available, 0);

        _setCaps(pool, 3_000_000);
        (, available) = desk.availability(id);
        assertEq(available, 1_000_000);
        assertEq(desk.poke(id), 1_000_000);
    }

    /// @dev Where the source counts places, what is drawn, and what is paid back, is counted there too.
    function test_placesAreCountedWhereTheSourceCountsThem() public {
        (LendingPool other,, TrancheVault otherJunior,) = _deployPool(euro, 400, 0);
        concentration.setDefaultCap(other, IConcentration.Dimension.Country, 2_000_000);
        _fundTranche(otherJunior, granite, 10_000_000);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = other;
        facility = _openFacility(terms);
        FinancingId id = _open();
        _expectDeferred(id, IFinancingDesk.Bound.Cap, _greatestDraw(6_000_000, CHARGES_BPS), 2_000_000);
        _depart(SHIPMENT);
        uint256 country = uint16(concentration.keysOf(id).country);
        assertEq(concentration.exposureOf(other, IConcentration.Dimension.Country, country), 2_000_000);

        _fundAndApprove(supplier, 530_000, address(desk));
        vm.prank(supplier);
        desk.repay(id, 530_000);
        assertEq(desk.financing(id).principal, 1_480_000, "after the fee of 10,000; the reserve waits");
        assertEq(concentration.exposureOf(other, IConcentration.Dimension.Country, country), 1_480_000);
        assertEq(_exposure(), 0, "of the first source nothing");
    }

    function test_limitIsSaidToBind() public {
        FinancingId id = _open();
        desk.setLimit(facility, 900_000);
        _expectDeferred(id, IFinancingDesk.Bound.Limit, _greatestDraw(6_000_000, CHARGES_BPS), 900_000);
        _depart(SHIPMENT);
        desk.setLimit(facility, 1);
        assertEq(desk.poke(id), 0, "a limit below what is drawn calls nothing back");
        assertEq(desk.financing(id).principal, 900_000);
    }

    function test_maturityEndsDraws() public {
        FinancingId id = _openOnOrder();
        uint256 drawn = euro.balanceOf(supplier);
        vm.warp((DELIVER_BY + 1) * 1 days);
        vm.mockCall(address(orders), abi.encodeWithSelector(orders.borrowingBase.selector, id), abi.encode(9_000_000));
        assertEq(desk.poke(id), 0);
        assertEq(euro.balanceOf(supplier), drawn);
    }

    /// @dev Where the facility does not revolve, what was drawn once counts for good.
    function test_limitThatDoesNotRevolve() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.limit, terms.revolving) = (6_500_000, false);
        FacilityId small = _openFacility(terms);
        _registerAndAccept();
        _openSubject();
        _pledge(small, ITEM, FACE_VALUE, SHIPMENT);
        _depart(SHIPMENT);
        uint256 first = euro.balanceOf(supplier);
        _pay(FACE_VALUE);
        assertEq(_drawn(small), first);
        _registerAndAcceptOrder();
        vm.prank(supplier);
        FinancingId second = desk.openFinancing(small, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        assertEq(desk.financing(second).principal, 6_500_000 - first);
    }

    function test_partialDeliveriesAddUp() public {
        FinancingId id = _open();
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 1, 300_000);
        assertEq(_base(id), 0, "it may still be disputed");
        vm.warp(START + WINDOW);
        desk.poke(id);
        assertEq(_base(id), 2_400_000);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 2, 700_000);
        vm.warp(START + 2 * WINDOW);
        desk.poke(id);
        assertEq(_base(id), 8_000_000);
        assertLe(_owed(id), 8_000_000);
        uint256 drawn = euro.balanceOf(supplier);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 3, 700_000);
        vm.warp(START + 3 * WINDOW);
        desk.poke(id);
        assertEq(_base(id), 8_000_000, "never more than was invoiced");
        assertEq(euro.balanceOf(supplier), drawn);
    }

    /// @dev Falling back to "shipped" would raise the base by bad news.
    function test_disputedFactStopsDraws() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 before = euro.balanceOf(supplier);
        _disagree(500_000, 900_000);
        assertEq(_base(id), 0);
        assertEq(desk.poke(id), 0);
        assertEq(euro.balanceOf(supplier), before);
    }

    function test_overdueInvoiceBacksNothing() public {
        FinancingId id = _open();
        vm.warp((DUE_DATE + 1) * 1 days - 1);
        _depart(SHIPMENT);
        assertEq(_base(id), 6_000_000, "the whole of the last day counts");
        vm.warp((DUE_DATE + 1) * 1 days);
        assertEq(_base(id), 0);
    }

    function test_lateOrderBacksNothing() public {
        FinancingId id = _openOnOrder();
        vm.warp((DELIVER_BY + 1) * 1 days - 1);
        assertEq(_base(id), 3_000_000);
        vm.warp((DELIVER_BY + 1) * 1 days);
        assertEq(_base(id), 0);
        _depart(ORDER_SHIPMENT);
        assertEq(desk.poke(id), 0);
    }

    function test_orderClimbsItsLadder() public {
        FinancingId id = _openOnOrder();
        _depart(ORDER_SHIPMENT);
        assertEq(_base(id), 6_000_000);
        _receive(ORDER_SHIPMENT, uint64(QUANTITY));
        assertEq(_base(id), 8_000_000);
        assertLe(_owed(id), 8_000_000);
        assertGe(_owed(id), 8_000_000 - 1);
    }

    // Properties

    /// @dev Callbacks are hints: with the callback taken or missed, and whoever pokes when, the end is the same.
    function testFuzz_pokesComeToTheSameEnd(uint64 quantity, uint32 wait, uint8 pokes) public {
        quantity = uint64(bound(quantity, 1, QUANTITY));
        wait = uint32(bound(wait, 0, 20 days));
        FinancingId id = _open();
        uint256 snapshot = vm.snapshotState();

        _depart(SHIPMENT);
        vm.warp(START + wait);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 1, quantity);
        vm.warp(START + wait + WINDOW);
        desk.poke(id);
        bytes32 hinted = _outcome(id);

        vm.revertToState(snapshot);
        vm.mockCallRevert(address(desk), abi.encodeWithSelector(desk.onMilestone.selector), "deaf");
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 0);
        vm.prank(stranger);
        desk.poke(id);
        vm.warp(START + wait);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 1, quantity);
        vm.warp(START + wait + WINDOW);
        for (uint256 i; i < bound(pokes, 1, 4); ++i) {
            vm.prank(i % 2 == 0 ? stranger : cobalt);
            desk.poke(id);
        }
        assertEq(_outcome(id), hinted);
    }

    /// @dev At every draw: principal + interest (rounded up) + fees <= base, drawn <= limit, and not a unit less than
    /// base, limit or cash would have allowed.
    function testFuzz_drawIsExactlyWhatThereIsRoomFor(
        uint16 departedBps,
        uint16 feeBps,
        uint64 limit,
        uint64 cash,
        uint64 units,
        uint32 wait
    ) public {
        departedBps = uint16(bound(departedBps, 1, 10_000));
        feeBps = uint16(bound(feeBps, 1, 500));
        limit = uint64(bound(limit, 1, LIMIT));
        cash = uint64(bound(cash, 1, FUNDED));
        units = uint64(bound(units, (FACE_VALUE + 63) / 64, FACE_VALUE));
        _leaveCash(cash);
        FacilityId id = _openFacility(limit, feeBps);
        desk.setLadder(id, invoices, _ladder(0, departedBps, 10_000, true));
        _registerAndAccept();
        _openSubject();
        FinancingId financing = _pledge(id, ITEM, units, SHIPMENT);
        vm.warp(START + bound(wait, 0, 30 days));
        _depart(SHIPMENT);

        uint256 base = uint256(units) * departedBps / 10_000;
        uint256 expected = base;
        while (expected > 0 && expected + _feeUp(expected, feeBps + RESERVE_BPS) > base) {
            uint256 excess = expected + _feeUp(expected, feeBps + RESERVE_BPS) - base;
            expected -= excess > 2 ? excess / 2 : 1;
        }
        if (expected > limit) expected = limit;
        if (expected > cash) expected = cash;
        assertEq(euro.balanceOf(supplier), expected);
        assertLe(_owed(financing), base);
        assertLe(_drawn(id), limit);
        assertEq(_exposure(), expected);
    }

    /// @dev Less received is never worth more.
    function testFuzz_worseFactNeverRaisesTheBase(uint64 worse, uint64 better) public {
        worse = uint64(bound(worse, 0, QUANTITY * 2));
        better = uint64(bound(better, worse, QUANTITY * 2));
        FinancingId id = _open();
        uint256 snapshot = vm.snapshotState();
        _receive(SHIPMENT, worse);
        uint256 low = _base(id);
        vm.revertToState(snapshot);
        _receive(SHIPMENT, better);
        assertLe(low, _base(id));
        assertLe(_base(id), 8_000_000);
    }

    // Internals

    function _expectDeferred(FinancingId id, IFinancingDesk.Bound bound_, uint256 wanted, uint256 available) private {
        vm.expectEmit(address(desk));
        emit IFinancingDesk.DrawDeferred(id, bound_, wanted, available);
    }

    function _exposure() private view returns (uint256) {
        uint256 key = OrganisationId.unwrap(borealis.id);
        return concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key);
    }

    function _outcome(FinancingId id) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                desk.financing(id),
                desk.facility(facility),
                pool.books(),
                pool.accruedIncome(),
                euro.balanceOf(supplier)
            )
        );
    }

    function _ceil(uint256 a, uint256 b) private pure returns (uint256) {
        return a % b == 0 ? a / b : a / b + 1;
    }

    function _attestAlone(Party memory party) private {
        _attest(party, Milestones.DEPARTED, uint64(QUANTITY));
    }

    /// @dev Two organisations count quantities that no tolerance reconciles.
    function _disagree(uint64 one, uint64 other) private {
        _attest(warehouse, Milestones.RECEIVED, one);
        _attest(inspector, Milestones.RECEIVED, other);
        assertEq(uint8(oracle.fact(SHIPMENT, Milestones.RECEIVED, 1).status), uint8(IMilestoneOracle.Status.Disputed));
    }
}
