// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
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
        desk.openFacility(_terms(LIMIT, 900, 50, uint40(START + 1)));
        vm.expectRevert(refusal);
        desk.setLadder(facility, invoices, _ladder(0, 1, 1, true));
        vm.expectRevert(refusal);
        desk.setImpairment(FinancingId.wrap(1), 0);
    }

    function test_laddersComeThroughTheDeskOnly() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.OnlyDesk.selector, address(this), desk));
        invoices.setLadder(facility, _ladder(0, 1, 1, true));
    }

    function test_termsOutOfRangeAreRefused() public {
        _refused(_terms(0, 900, 50, uint40(START + 1)), _limitOutOfRange(0));
        uint64 tooMuch = uint64(type(uint56).max) + 1;
        _refused(_terms(tooMuch, 900, 50, uint40(START + 1)), _limitOutOfRange(tooMuch));
        _refused(
            _terms(LIMIT, 10_001, 50, uint40(START + 1)),
            abi.encodeWithSelector(IFinancingDesk.DiscountRateTooHigh.selector, supplier, 10_001, 10_000)
        );
        _refused(
            _terms(LIMIT, 900, 10_001, uint40(START + 1)),
            abi.encodeWithSelector(IFinancingDesk.FeeTooHigh.selector, supplier, 10_001, 10_000)
        );
        _refused(
            _terms(LIMIT, 900, 50, uint40(START)),
            abi.encodeWithSelector(IFinancingDesk.FacilityEndInPast.selector, supplier, START, START)
        );
    }

    function test_supplierNeedsItsRole() public {
        IFinancingDesk.FacilityTerms memory terms = _terms(LIMIT, 900, 50, uint40(START + 1));
        terms.supplier = cobalt;
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, cobalt, Roles.LENDER, Roles.SUPPLIER)
        );
        desk.openFacility(terms);
    }

    function test_unlistedPoolIsRefused() public {
        desk.listPool(pool, false);
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.PoolUnlisted.selector, pool));
        desk.openFacility(_terms(LIMIT, 900, 50, uint40(START + 1)));
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

    function test_facilityIsWhatWasGranted() public {
        FacilityId id = desk.openFacility(_terms(123, 456, 7, uint40(START + 1)));
        IFinancingDesk.Facility memory its = desk.facility(id);
        assertEq(FacilityId.unwrap(id), 2);
        assertEq(its.supplier, supplier);
        assertEq(address(its.pool), address(pool));
        assertEq(its.limit, 123);
        assertEq(its.drawn, 0);
        assertEq(its.discountRateBps, 456);
        assertEq(its.feeBps, 7);
        assertEq(its.expiresAt, START + 1);
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

    function _terms(uint64 limit, uint16 rateBps, uint16 feeBps, uint40 expiresAt)
        private
        view
        returns (IFinancingDesk.FacilityTerms memory)
    {
        return IFinancingDesk.FacilityTerms(supplier, pool, limit, rateBps, feeBps, expiresAt);
    }

    function _limitOutOfRange(uint64 limit) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(IFinancingDesk.FacilityLimitOutOfRange.selector, supplier, limit, type(uint56).max);
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
