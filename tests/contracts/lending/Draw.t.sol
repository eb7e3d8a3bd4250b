// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {LendingBase} from "./LendingBase.sol";

contract DrawTest is LendingBase {
    // Refusals

    function test_onlyTheOracleCallsBack() public {
        _open();
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.OnlyOracle.selector, address(this), address(oracle)));
        desk.onMilestone(SHIPMENT, Milestones.DEPARTED, 1);
    }

    function test_pokingWhatWasNeverOpenedIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FinancingUnknown.selector, FinancingId.wrap(1)));
        desk.poke(FinancingId.wrap(1));
    }

    function test_hintOnSubjectWithoutFinancingDoesNothing() public {
        vm.prank(address(oracle));
        desk.onMilestone(SHIPMENT, Milestones.DEPARTED, 1);
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
        FacilityId short = desk.openFacility(
            IFinancingDesk.FacilityTerms(supplier, pool, LIMIT, RATE_BPS, FEE_BPS, uint40(START + 1 days))
        );
        desk.setLadder(short, invoices, _ladder(0, 6000, 8000, true));
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
        uint256 amount = _greatestDraw(6_000_000, FEE_BPS);
        uint256 fee = _feeUp(amount, FEE_BPS);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.Drawn(id, facility, supplier, amount, fee, 6_000_000, amount);
        _depart(SHIPMENT);

        assertEq(euro.balanceOf(supplier), amount);
        assertEq(pool.books().cash, FUNDED - amount);
        assertEq(pool.books().principalOut, amount);
        assertEq(desk.facility(facility).drawn, amount);
        assertEq(_owed(id), amount + fee);
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
        uint256 interest = _ceil(first * RATE_BPS * 16 days, Rates.INTEREST_DENOMINATOR);
        uint256 room = base - first - _feeUp(first, FEE_BPS) - interest;
        assertEq(euro.balanceOf(supplier) - first, _greatestDraw(room, FEE_BPS));
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
        assertEq(desk.facility(small).drawn, 1_000_000);
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
        vm.startPrank(supplier);
        oracle.openSubject(ORDER_SHIPMENT, new bytes32[](0));
        FinancingId second = desk.openFinancing(small, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        vm.stopPrank();
        assertEq(desk.financing(second).principal, 500_000, "what the first left of the limit");

        _pay(FACE_VALUE);
        assertEq(desk.facility(small).drawn, 500_000);
        assertEq(desk.poke(second), 2_500_000);
        assertEq(desk.facility(small).drawn, 3_000_000);
    }

    function test_poolWithoutCashDefersTheDraw() public {
        vm.prank(cobalt);
        vault.withdraw(FUNDED - 1_000_000, cobalt, cobalt);
        FinancingId id = _open();
        uint256 wanted = _greatestDraw(6_000_000, FEE_BPS);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.DrawDeferred(id, wanted, 1_000_000);
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 1_000_000);
        assertEq(pool.freeCash(), 0);

        vm.expectEmit(address(desk));
        emit IFinancingDesk.DrawDeferred(id, wanted - 1_000_000, 0);
        assertEq(desk.poke(id), 0);

        _deposit(granite, 20_000_000);
        assertApproxEqAbs(desk.poke(id), wanted - 1_000_000, 1, "the rest, but for the rounding of two fees");
        assertLe(_owed(id), _base(id));
    }

    function test_partialDeliveriesAddUp() public {
        FinancingId id = _open();
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 1, 300_000);
        assertEq(_base(id), 2_400_000);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 2, 700_000);
        assertEq(_base(id), 8_000_000);
        _fact(warehouse, inspector, SHIPMENT, Milestones.RECEIVED, 3, 700_000);
        assertEq(_base(id), 8_000_000, "never more than was invoiced");
        assertLe(_owed(id), 8_000_000);
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
        _receive(SHIPMENT, quantity);
        bytes32 hinted = _outcome(id);

        vm.revertToState(snapshot);
        vm.mockCallRevert(address(desk), abi.encodeWithSelector(desk.onMilestone.selector), "deaf");
        _depart(SHIPMENT);
        assertEq(euro.balanceOf(supplier), 0);
        vm.prank(stranger);
        desk.poke(id);
        vm.warp(START + wait);
        _receive(SHIPMENT, quantity);
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
        feeBps = uint16(bound(feeBps, 0, 500));
        limit = uint64(bound(limit, 1, LIMIT));
        cash = uint64(bound(cash, 1, FUNDED));
        units = uint64(bound(units, 1, FACE_VALUE));
        vm.prank(cobalt);
        vault.withdraw(FUNDED - cash, cobalt, cobalt);
        FacilityId id = _openFacility(limit, feeBps);
        desk.setLadder(id, invoices, _ladder(0, departedBps, 10_000, true));
        _registerAndAccept();
        _openSubject();
        FinancingId financing = _pledge(id, ITEM, units, SHIPMENT);
        vm.warp(START + bound(wait, 0, 30 days));
        _depart(SHIPMENT);

        uint256 base = uint256(units) * departedBps / 10_000;
        uint256 expected = base;
        while (expected > 0 && expected + _feeUp(expected, feeBps) > base) {
            uint256 excess = expected + _feeUp(expected, feeBps) - base;
            expected -= excess > 2 ? excess / 2 : 1;
        }
        if (expected > limit) expected = limit;
        if (expected > cash) expected = cash;
        assertEq(euro.balanceOf(supplier), expected);
        assertLe(_owed(financing), base);
        assertLe(desk.facility(id).drawn, limit);
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

    function _outcome(FinancingId id) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                desk.financing(id),
                desk.facility(facility),
                pool.books(),
                pool.accruedNumerator(),
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
