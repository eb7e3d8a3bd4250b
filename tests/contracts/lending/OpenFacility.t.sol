// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract OpenFacilityTest is LendingBase {
    // Refusals

    function test_onlyTheOfficesWrite() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        desk.listPool(pool, true);
        vm.expectRevert(refusal);
        desk.listCollateral(invoices, true);
        vm.expectRevert(refusal);
        desk.openFacility(_facilityTerms());
        vm.expectRevert(refusal);
        desk.setLadder(facility, invoices, _ladder(0, 1, 1, true));
        vm.expectRevert(refusal);
        desk.setImpairment(FinancingId.wrap(1), 0);
        vm.expectRevert(refusal);
        desk.setLimit(facility, 1);
        vm.expectRevert(refusal);
        desk.setExpiry(facility, START + 1);
        vm.expectRevert(refusal);
        desk.setServicing(stranger);
        vm.expectRevert(refusal);
        desk.setApplications(stranger);
        vm.expectRevert(refusal);
        desk.stop(IFinancingDesk.Stoppable.Opening);
        vm.expectRevert(refusal);
        desk.resume(IFinancingDesk.Stoppable.Opening);
    }

    function test_servicingAndApplicationsAreSetOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AddressFixed.selector, stranger, address(this)));
        desk.setServicing(stranger);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.AddressFixed.selector, stranger, applications));
        desk.setApplications(stranger);
    }

    function test_laddersComeThroughTheDeskOnly() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), desk));
        invoices.setLadder(facility, _ladder(0, 1, 1, true));
    }

    function test_termsOutOfRangeAreRefused() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.limit = 0;
        _refused(terms, _limitOutOfRange(0));
        terms.limit = uint64(type(uint48).max) + 1;
        _refused(terms, _limitOutOfRange(terms.limit));
        terms = _facilityTerms();
        terms.discountRateBps = 10_001;
        _refused(terms, abi.encodeWithSelector(IFinancingDesk.DiscountRateTooHigh.selector, supplier, 10_001, 10_000));
        terms = _facilityTerms();
        terms.expiresAt = uint40(START);
        _refused(terms, abi.encodeWithSelector(IFinancingDesk.FacilityEndInPast.selector, supplier, START, START));
        terms.expiresAt = uint40(type(uint32).max) + 1;
        _refused(
            terms,
            abi.encodeWithSelector(
                IFinancingDesk.FacilityEndTooFar.selector, supplier, terms.expiresAt, type(uint32).max
            )
        );
    }

    function test_feesAboveTheWholeAreRefused() public {
        bytes memory refusal = abi.encodeWithSelector(IFinancingDesk.FeeTooHigh.selector, supplier, 10_001, 10_000);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.feeBps = 10_001;
        _refused(terms, refusal);
        terms = _facilityTerms();
        terms.lateFeeBps = 10_001;
        _refused(terms, refusal);
        terms = _facilityTerms();
        terms.reserveBps = 10_001;
        _refused(terms, refusal);
        terms = _facilityTerms();
        terms.committedFeeBps = 10_001;
        _refused(terms, refusal);
    }

    function test_newLimitAndEndAreHeldToTheSameRange() public {
        vm.expectRevert(_limitOutOfRange(0));
        desk.setLimit(facility, 0);
        vm.expectRevert(_limitOutOfRange(uint256(type(uint48).max) + 1));
        desk.setLimit(facility, uint256(type(uint48).max) + 1);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityEndInPast.selector, supplier, START - 1, START));
        desk.setExpiry(facility, START - 1);
        uint256 tooFar = uint256(type(uint32).max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FacilityEndTooFar.selector, supplier, tooFar, uint256(type(uint32).max)
            )
        );
        desk.setExpiry(facility, tooFar);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9)));
        desk.setLimit(FacilityId.wrap(9), 1);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9)));
        desk.setExpiry(FacilityId.wrap(9), START);
    }

    function test_supplierNeedsItsRole() public {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = cobalt;
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, cobalt, Roles.LENDER, Roles.SUPPLIER)
        );
        desk.openFacility(terms);
    }

    function test_unlistedPoolIsRefused() public {
        desk.listPool(pool, false);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PoolUnlisted.selector, pool));
        desk.openFacility(_facilityTerms());
    }

    function test_ladderOfUnknownFacilityIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.FacilityUnknown.selector, FacilityId.wrap(9)));
        desk.setLadder(FacilityId.wrap(9), invoices, _ladder(0, 1, 1, true));
    }

    function test_brokenLaddersAreRefused() public {
        _ladderRefused(new ICollateral.Step[](0), 0);
        _ladderRefused(new ICollateral.Step[](5), 5);
        ICollateral.Step[] memory steps = _ladder(0, 6000, 8000, true);
        steps[1].milestone = steps[0].milestone;
        _ladderRefused(steps, 1);
        _ladderRefused(_ladder(0, 0, 8000, true), 0);
        _ladderRefused(_ladder(0, 6000, 10_001, true), 1);
        steps = _ladder(0, 6000, 8000, true);
        steps[0].milestone = 0;
        _ladderRefused(steps, 0);
    }

    // Happy path

    function testFuzz_facilityIsWhatWasGranted(
        uint64 limit,
        uint16[5] memory bps,
        uint8 dayCount,
        uint8 graceDays,
        bool recourse,
        bool revolving,
        uint40 expiresAt
    ) public {
        IFinancingDesk.FacilityTerms memory terms = IFinancingDesk.FacilityTerms({
            supplier: supplier,
            pool: pool,
            limit: uint64(bound(limit, 1, type(uint48).max)),
            discountRateBps: bps[0] % 10_001,
            dayCount: DayCount(dayCount % 3),
            feeBps: bps[1] % 10_001,
            lateFeeBps: bps[2] % 10_001,
            reserveBps: bps[3] % 10_001,
            committedFeeBps: bps[4] % 10_001,
            graceDays: graceDays,
            recourse: recourse,
            revolving: revolving,
            earmarked: false,
            expiresAt: uint40(bound(expiresAt, START + 1, type(uint32).max))
        });
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FacilityOpened(FacilityId.wrap(2), supplier, pool, terms);
        FacilityId id = desk.openFacility(terms);
        assertEq(FacilityId.unwrap(id), 2);
        assertEq(desk.facilityCount(), 2);
        IFinancingDesk.Facility memory its = desk.facility(id);
        assertEq(abi.encode(its.terms), abi.encode(terms));
        assertEq(its.drawn, 0);
        assertEq(FinancingId.unwrap(its.recourseTo), 0);
    }

    function test_limitAndEndChangeAtOnce() public {
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FacilityLimitSet(facility, LIMIT, 7);
        desk.setLimit(facility, 7);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FacilityExpirySet(facility, START + 365 days, START);
        desk.setExpiry(facility, START);
        assertEq(desk.facility(facility).terms.limit, 7);
        assertEq(desk.facility(facility).terms.expiresAt, START);
        assertEq(desk.facility(facility).terms.supplier, supplier, "and nothing else in the same word");
        assertEq(address(desk.facility(facility).terms.pool), address(pool));
    }

    function test_openFinancingKeepsItsLadder() public {
        FinancingId id = _open();
        desk.setLadder(facility, invoices, _ladder(0, 9000, 9500, false));

        assertEq(abi.encode(invoices.ladderOf(id)), abi.encode(_ladder(0, 6000, 8000, true)));
        assertEq(abi.encode(invoices.ladder(facility)), abi.encode(_ladder(0, 9000, 9500, false)));
        _depart(SHIPMENT);
        assertEq(_base(id), 6_000_000);
    }

    // Internals

    function _limitOutOfRange(uint256 limit) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IFinancingDesk.FacilityLimitOutOfRange.selector, supplier, limit, uint256(type(uint48).max)
        );
    }

    function _refused(IFinancingDesk.FacilityTerms memory terms, bytes memory refusal) private {
        vm.expectRevert(refusal);
        desk.openFacility(terms);
    }

    function _ladderRefused(ICollateral.Step[] memory steps, uint256 at) private {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, facility, at));
        desk.setLadder(facility, invoices, steps);
    }
}
