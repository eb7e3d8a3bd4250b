// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IApplications} from "../../../contracts/lending/interfaces/IApplications.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title One accepted invoice becomes cash for three tiers: Acme passes parts of it on to Gull, and Gull to Halyard; each
/// finances its own part, Acme and Gull at one pool, Halyard at another; Borealis pays twice; everybody has its own.
contract CirculationToCashTest is ServicingBase {
    /// @dev One tier's part, and what its money costs.
    struct Tier {
        address account;
        uint256 key;
        FacilityId line;
        FinancingId financing;
        uint256 pledged;
        uint256 principal;
        uint16 rateBps;
        uint16 feeBps;
        uint16 reserveBps;
    }

    uint256 private constant FIRST_PAYMENT = 4_333_333;
    uint256 private constant KEPT = 99_999;

    LendingPool private _other;
    HealthCheck private _health;
    Tier[3] private _tiers;

    function setUp() public override {
        super.setUp();
        TrancheVault itsJunior;
        (_other,, itsJunior,) = _deployPool(euro, 400, 0);
        _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
        _tiers[0] = _tier(acme, pool, RATE_BPS, RESERVE_BPS);
        _tiers[1] = _tier(_admit("GULLPARTS", Roles.SUPPLIER), pool, 1100, RESERVE_BPS);
        _tiers[2] = _tier(_admit("HALYARDMETAL", Roles.SUPPLIER), _other, 700, 0);
        _health = _healthOf(pool, _other);
    }

    // The story

    function test_oneInvoiceBecomesCashForThreeTiers() public {
        _registerAndAccept();
        _hand(0, 1, 4_000_000);
        _hand(1, 2, 1_500_001);
        assertEq(receivables.holding(_invoice(), _tiers[1].account).tier, 2);
        assertEq(receivables.holding(_invoice(), _tiers[2].account).tier, 3);
        _finance(0, 6_000_000);
        _finance(1, 4_000_000 - 1_500_001 - KEPT);
        _finance(2, 1_500_001);
        assertEq(_custody(), FACE_VALUE - KEPT);
        for (uint256 i; i < 3; ++i) {
            _assertDrawnToTheFull(i);
        }
        _assertHealthy(_health);

        uint256[2] memory before = [euro.balanceOf(address(pool)), euro.balanceOf(address(_other))];
        uint256[3] memory shares = _payFirst();
        vm.warp(START + 60 days);
        _payItem(ITEM, FACE_VALUE - FIRST_PAYMENT);
        assertEq(uint8(receivables.receivable(_invoice()).state), uint8(IReceivableToken.State.Settled));
        uint256 costs;
        for (uint256 i; i < 3; ++i) {
            costs += _assertPaidOut(i, shares[i]);
        }
        _assertSumsToTheFace(before, costs);
        _releaseAll();
    }

    /// @dev Whatever parts the tiers take and however the debtor splits its payment: nothing is lost and nothing is made.
    function testFuzz_anyPartsAndPaymentsSumExactly(uint256 passed, uint256 passedOn, uint256 paid) public {
        // No smaller part is financed.
        uint256 least = FACE_VALUE / 64;
        passed = bound(passed, 2 * least, FACE_VALUE - least);
        passedOn = bound(passedOn, least, passed - least);
        paid = bound(paid, 1, FACE_VALUE - 1);
        _registerAndAccept();
        _hand(0, 1, passed);
        _hand(1, 2, passedOn);
        _finance(0, FACE_VALUE - passed);
        _finance(1, passed - passedOn);
        _finance(2, passedOn);
        uint256 issued = euro.totalSupply();
        uint256[5] memory before = _cash();
        vm.warp(START + 41 days);
        _payItem(ITEM, paid);
        for (uint256 i; i < 3; ++i) {
            (,, uint256 units) = invoices.pledgeOf(_tiers[i].financing);
            uint256 exact = _tiers[i].pledged * (FACE_VALUE - paid) / FACE_VALUE;
            assertApproxEqAbs(units, exact, 2, "each part shrinks by its share");
        }
        _assertHealthy(_health);
        _payItem(ITEM, FACE_VALUE - paid);
        for (uint256 i; i < 3; ++i) {
            assertEq(_owed(_tiers[i].financing), 0);
        }
        uint256[5] memory now_ = _cash();
        uint256 arrived;
        for (uint256 i; i < 5; ++i) {
            arrived += now_[i] - before[i];
        }
        assertEq(arrived, FACE_VALUE);
        assertEq(euro.totalSupply() - issued, FACE_VALUE);
        assertEq(euro.balanceOf(address(receivables)) + euro.balanceOf(address(invoices)), 0);
        _releaseAll();
    }

    /// @dev A pledge is paid one minor unit for each unit that it gives up, so that nobody can move another's money to
    /// itself by paying an invoice in the smallest coins.
    function test_manySmallPaymentsMoveNothingBetweenTiers() public {
        _registerAndAccept();
        _hand(0, 1, 4_000_000);
        _hand(1, 2, 1_000_000);
        _finance(0, 6_000_000);
        _finance(1, 3_000_000);
        _finance(2, 1_000_000);
        uint256[3] memory owed;
        for (uint256 i; i < 3; ++i) {
            owed[i] = _owed(_tiers[i].financing);
        }
        for (uint256 coin; coin < 60; ++coin) {
            _payItem(ITEM, 1 + coin % 3);
        }
        for (uint256 i; i < 3; ++i) {
            (,, uint256 units) = invoices.pledgeOf(_tiers[i].financing);
            assertEq(_tiers[i].pledged - units, owed[i] - _owed(_tiers[i].financing));
        }
    }

    function test_paperThatCanStillBeObjectedToStaysWithItsSupplier() public {
        _accepted(ITEM, FACE_VALUE, false);
        address gull = _tiers[1].account;
        vm.expectRevert();
        vm.prank(supplier);
        receivables.safeTransferFrom(supplier, gull, ITEM, 1_000_000, "");
        _finance(0, FACE_VALUE);
        assertGt(_tiers[0].principal, 0, "its own supplier finances it");
    }

    function test_whatIsInCustodyGoesNowhereElse() public {
        _registerAndAccept();
        _hand(0, 1, 4_000_000);
        _finance(1, 4_000_000);
        vm.startPrank(_tiers[1].account);
        vm.expectRevert();
        receivables.safeTransferFrom(_tiers[1].account, _tiers[2].account, ITEM, 1, "");
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, 1, 0));
        desk.openFinancing(_tiers[1].line, invoices, ITEM, 1, 0);
        vm.stopPrank();
    }

    // Two lenders in one block

    function test_twoLendersReserveAndOneWins() public {
        (FacilityId first, FacilityId second, address gull) = _twoLenders();
        uint40 until = uint40(START + 3 days);
        vm.startPrank(gull);
        applications.reserve(first, invoices, ITEM, until);
        bytes memory taken = abi.encodeWithSelector(ICollateral.ItemReserved.selector, ITEM, gull, first, until);
        vm.expectRevert(taken);
        applications.reserve(second, invoices, ITEM, until);
        vm.expectRevert(taken);
        desk.openFinancing(second, invoices, ITEM, 4_000_000, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.AlreadyReserved.selector, _invoice(), gull, uint8(1), until)
        );
        receivables.safeTransferFrom(gull, _tiers[2].account, ITEM, 1_000_000, "");
        assertEq(desk.financingCount(), 0);
        FinancingId id = desk.openFinancing(first, invoices, ITEM, 4_000_000, 0);
        vm.stopPrank();
        assertGt(_principal(id), 0);
        assertEq(_other.books().principalOut, 0);
        assertEq(_drawn(second), 0);
        _assertHealthy(_health);
    }

    function test_twoSignedRequestsInOneBlockAndOneWins() public {
        (FacilityId first, FacilityId second, address gull) = _twoLenders();
        (IApplications.FinancingRequest memory one, bytes memory ones) = _request(second, 0);
        (IApplications.FinancingRequest memory two, bytes memory twos) = _request(first, 1);
        vm.startPrank(stranger);
        FinancingId id = applications.openBySignature(one, ones);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, 4_000_000, 0));
        applications.openBySignature(two, twos);
        vm.stopPrank();
        assertEq(desk.financingCount(), 1);
        assertEq(FacilityId.unwrap(desk.financing(id).facility), FacilityId.unwrap(second));
        assertEq(euro.balanceOf(gull), _principal(id));
        assertEq(pool.books().principalOut, 0);
        _assertHealthy(_health);
    }

    // Steps

    /// @return shares what each financing was paid of the first payment
    function _payFirst() private returns (uint256[3] memory shares) {
        vm.warp(START + 30 days);
        uint256[3] memory owed;
        for (uint256 i; i < 3; ++i) {
            owed[i] = _owed(_tiers[i].financing);
        }
        uint256[2] memory before = [euro.balanceOf(address(pool)), euro.balanceOf(address(_other))];
        _payItem(ITEM, FIRST_PAYMENT);
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            shares[i] = owed[i] - _owed(_tiers[i].financing);
            sum += shares[i];
            assertApproxEqAbs(shares[i], _tiers[i].pledged * FIRST_PAYMENT / FACE_VALUE, 1);
            assertEq(euro.balanceOf(_tiers[i].account), _tiers[i].principal, "all of it went to the lenders");
        }
        assertEq(sum, (FACE_VALUE - KEPT) * FIRST_PAYMENT / FACE_VALUE);
        assertEq(euro.balanceOf(address(pool)) - before[0], shares[0] + shares[1]);
        assertEq(euro.balanceOf(address(_other)) - before[1], shares[2]);
        assertEq(euro.balanceOf(address(invoices)), 0);
        vm.prank(_tiers[1].account);
        assertEq(receivables.claim(_invoice()), KEPT * FIRST_PAYMENT / FACE_VALUE);
        _assertHealthy(_health);
    }

    /// @dev The tier has its part in full, less what its money cost: fees, and interest on what was out when.
    /// @return cost minor units
    function _assertPaidOut(uint256 i, uint256 firstShare) private view returns (uint256 cost) {
        Tier memory its = _tiers[i];
        uint256 fee = _feeUp(its.principal, its.feeBps);
        uint256 charges = _feeUp(its.principal, uint256(its.feeBps) + its.reserveBps);
        uint256 interest = _interestUp(its.principal, its.rateBps);
        cost = charges + interest;
        cost += _interestUp(its.principal - (firstShare - fee - interest), its.rateBps);
        uint256 claimed = i == 1 ? KEPT * FIRST_PAYMENT / FACE_VALUE : 0;
        assertEq(_owed(its.financing), 0);
        assertEq(uint8(_state(its.financing)), uint8(IFinancingDesk.State.Repaid));
        assertEq(euro.balanceOf(its.account), its.pledged - cost + claimed);
    }

    function _assertSumsToTheFace(uint256[2] memory before, uint256 costs) private {
        vm.prank(_tiers[1].account);
        receivables.claim(_invoice());
        assertEq(euro.balanceOf(address(receivables)), 0);
        assertEq(euro.balanceOf(address(invoices)), 0);
        uint256 tiers;
        uint256 lent;
        for (uint256 i; i < 3; ++i) {
            tiers += euro.balanceOf(_tiers[i].account);
            lent += _tiers[i].principal;
        }
        uint256 back = euro.balanceOf(address(pool)) + euro.balanceOf(address(_other)) - before[0] - before[1];
        assertEq(back, lent + costs);
        assertEq(tiers + costs, FACE_VALUE);
        assertEq(pool.books().principalOut + _other.books().principalOut, 0);
        _assertHealthy(_health);
    }

    function _releaseAll() private {
        for (uint256 i; i < 3; ++i) {
            vm.prank(_tiers[i].account);
            desk.release(_tiers[i].financing);
            assertEq(uint8(_state(_tiers[i].financing)), uint8(IFinancingDesk.State.Released));
            assertEq(receivables.balanceOf(_tiers[i].account, ITEM), 0, "all units were burned for their cash");
        }
        assertEq(_custody(), 0);
        assertEq(invoices.financingsOf(ITEM).length, 0);
        _assertHealthy(_health);
    }

    /// @dev One minor unit more would not have fitted under the base with its charges.
    function _assertDrawnToTheFull(uint256 i) private view {
        Tier memory its = _tiers[i];
        (uint256 base, uint256 available) = desk.availability(its.financing);
        uint256 chargesBps = uint256(its.feeBps) + its.reserveBps;
        assertEq(available, 0);
        assertEq(euro.balanceOf(its.account), its.principal);
        assertEq(_owed(its.financing), its.principal + _feeUp(its.principal, chargesBps));
        assertApproxEqAbs(base, its.pledged * 8 / 10, 1);
        assertGt(its.principal + 3 + _feeUp(its.principal + 3, chargesBps), base);
    }

    // Helpers

    function _tier(Party memory party, LendingPool source, uint16 rateBps, uint16 reserveBps)
        private
        returns (Tier memory its)
    {
        (its.account, its.key) = (party.account, party.key);
        (its.rateBps, its.feeBps, its.reserveBps) = (rateBps, FEE_BPS, reserveBps);
        its.line = _line(its, source);
    }

    /// @dev 80 % of what the debtor has accepted.
    function _line(Tier memory its, LendingPool source) private returns (FacilityId line) {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.supplier, terms.pool) = (its.account, source);
        (terms.discountRateBps, terms.reserveBps) = (its.rateBps, its.reserveBps);
        line = desk.openFacility(terms);
        desk.setLadder(line, invoices, _ladder(8000, 8500, 9000, true));
    }

    function _hand(uint256 from, uint256 to, uint256 units) private {
        vm.prank(_tiers[from].account);
        receivables.safeTransferFrom(_tiers[from].account, _tiers[to].account, ITEM, units, "");
    }

    function _finance(uint256 i, uint256 units) private {
        Tier storage its = _tiers[i];
        vm.startPrank(its.account);
        receivables.setApprovalForAll(address(invoices), true);
        its.financing = desk.openFinancing(its.line, invoices, ITEM, units, 0);
        vm.stopPrank();
        (its.pledged, its.principal) = (units, _principal(its.financing));
    }

    function _twoLenders() private returns (FacilityId first, FacilityId second, address gull) {
        gull = _tiers[1].account;
        (first, second) = (_tiers[1].line, _line(_tiers[1], _other));
        _registerAndAccept();
        _hand(0, 1, 4_000_000);
        vm.prank(gull);
        receivables.setApprovalForAll(address(invoices), true);
    }

    /// @param series of nonces, so that no request waits for another
    function _request(FacilityId line, uint256 series)
        private
        view
        returns (IApplications.FinancingRequest memory request, bytes memory signature)
    {
        Tier memory gull = _tiers[1];
        request = IApplications.FinancingRequest(
            line, invoices, ITEM, 4_000_000, 0, gull.account, series << 64, START + 1 days
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(gull.key, applications.requestDigest(request));
        signature = abi.encodePacked(r, s, v);
    }

    function _cash() private view returns (uint256[5] memory) {
        return [
            euro.balanceOf(_tiers[0].account),
            euro.balanceOf(_tiers[1].account),
            euro.balanceOf(_tiers[2].account),
            euro.balanceOf(address(pool)),
            euro.balanceOf(address(_other))
        ];
    }

    /// @dev Thirty days, actual/360.
    function _interestUp(uint256 principal, uint256 rateBps) private pure returns (uint256) {
        uint256 product = principal * rateBps * 30;
        return product % 3_600_000 == 0 ? product / 3_600_000 : product / 3_600_000 + 1;
    }
}
