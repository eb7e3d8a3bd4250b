// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Servicing} from "../../../contracts/lending/Servicing.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId, OrganisationId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {ServicingBase} from "./ServicingBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @title A supplier whose account is a contract.
contract SmartSupplier is SmartAccount, ERC1155Holder {
    constructor(address owner) SmartAccount(owner) {}
}

/// @title Extensions and refinancings, agreed by both sides by the hash of their terms.
contract AmendTest is ServicingBase {
    uint16 private constant DUE = uint16(DUE_DATE);
    uint16 private constant LATER = uint16(DUE_DATE + 30);

    FinancingId private _id;
    LendingPool private _other;
    FacilityId private _next;

    function setUp() public override {
        super.setUp();
        _id = _open();
        _depart(SHIPMENT);
        TrancheVault itsJunior;
        (_other,, itsJunior,) = _deployPool(euro, 400, 2000);
        _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.pool, terms.discountRateBps) = (_other, 700);
        _next = _openFacility(terms);
    }

    // Refusals

    function test_onlyTheSupplierAgrees() public {
        IServicing.Amendment memory its = _extension();
        vm.expectRevert(abi.encodeWithSelector(IServicing.NotSupplierOf.selector, facility, stranger, supplier));
        vm.prank(stranger);
        servicing.agree(its);
    }

    function test_onlyTheCreditOfficerApproves() public {
        IServicing.Amendment memory its = _extension();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, supplier));
        vm.prank(supplier);
        servicing.approve(its);
    }

    function test_onlyServicingAmends() public {
        bytes memory reason =
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(this), address(servicing));
        vm.expectRevert(reason);
        desk.reschedule(_id, LATER);
        vm.expectRevert(reason);
        desk.refinance(_id, _next);
    }

    /// @dev One's own facility, named as the financing's, does not make one its supplier.
    function test_theSupplierOfAnotherFacilityDoesNotAgree() public {
        Party memory gull = _admit("GULLPARTS", 1 << 8);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = gull.account;
        IServicing.Amendment memory its = _extension();
        its.facility = _openFacility(terms);
        its.newFacility = its.facility;
        _assertStale(its, gull.account);
    }

    function test_afterItsTimeItIsNotCarriedOut() public {
        IServicing.Amendment memory its = _extension();
        servicing.approve(its);
        vm.warp(its.validUntil + 1);
        bytes memory reason = abi.encodeWithSelector(
            IServicing.AmendmentExpired.selector, _id, its.validUntil, uint256(its.validUntil) + 1
        );
        vm.expectRevert(reason);
        vm.prank(supplier);
        servicing.agree(its);
        vm.expectRevert(reason);
        servicing.approve(its);
    }

    function test_atItsLastMomentItIs() public {
        IServicing.Amendment memory its = _extension();
        servicing.approve(its);
        vm.warp(its.validUntil);
        _agree(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
    }

    function test_whatStartsFromAnotherStateIsStale() public {
        IServicing.Amendment memory its = _extension();
        its.maturityDay = DUE - 1;
        _assertStale(its, supplier);
        its = _extension();
        its.facility = _next;
        _assertStale(its, supplier);
    }

    function test_whatWasAgreedBeforeAnotherChangeIsStale() public {
        IServicing.Amendment memory first = _extension();
        IServicing.Amendment memory second = _extension();
        second.newMaturityDay = LATER + 10;
        servicing.approve(first);
        servicing.approve(second);
        _agree(first);
        _assertStale(second, supplier);
    }

    function test_itLeadsToALaterDayOrAnotherFacility() public {
        IServicing.Amendment memory its = _extension();
        its.newMaturityDay = DUE;
        _assertInvalid(its);
        its.newMaturityDay = DUE - 1;
        _assertInvalid(its);
        its.newFacility = _next;
        _assertInvalid(its);
        its = _extension();
        its.newMaturityDay = DUE + 1;
        its.validUntil = uint40((DUE_DATE + 40) * 1 days);
        vm.warp((DUE_DATE + 1) * 1 days);
        _assertInvalid(its);
    }

    function test_itIsCarriedOutOnce() public {
        IServicing.Amendment memory its = _extension();
        servicing.approve(its);
        _agree(its);
        bytes memory reason = abi.encodeWithSelector(IServicing.AmendmentSpent.selector, servicing.amendmentHash(its));
        vm.expectRevert(reason);
        vm.prank(supplier);
        servicing.agree(its);
        vm.expectRevert(reason);
        servicing.approve(its);
    }

    /// @dev The financing is back where the amendment starts, and still it is spent.
    function test_whatWasSpentStaysSpentWhenTheStateComesBack() public {
        IServicing.Amendment memory there = _refinancing();
        bytes memory signature = _signed(there, acme.key);
        servicing.agreeBySignature(there, signature);
        servicing.approve(there);
        IServicing.Amendment memory back = _refinancing();
        (back.facility, back.newFacility) = (_next, facility);
        _agree(back);
        servicing.approve(back);
        assertEq(FacilityId.unwrap(desk.financing(_id).facility), FacilityId.unwrap(facility));
        vm.expectRevert(abi.encodeWithSelector(IServicing.AmendmentSpent.selector, servicing.amendmentHash(there)));
        servicing.agreeBySignature(there, signature);
    }

    function test_otherTermsThanWereAgreedAreNotCarriedOut() public {
        IServicing.Amendment memory its = _extension();
        _agree(its);
        IServicing.Amendment memory other = _extension();
        other.document = keccak256("another paper");
        servicing.approve(other);
        other = _extension();
        other.newMaturityDay = LATER + 1;
        servicing.approve(other);
        other = _extension();
        other.newFacility = _next;
        servicing.approve(other);
        other = _extension();
        other.validUntil += 1;
        servicing.approve(other);
        assertEq(desk.financing(_id).maturityDay, DUE);
        assertEq(FacilityId.unwrap(desk.financing(_id).facility), FacilityId.unwrap(facility));
        (bool bySupplier, bool byOfficer, bool spent) = servicing.consentOf(servicing.amendmentHash(its));
        assertTrue(bySupplier && !byOfficer && !spent);
    }

    function test_oneSideTwiceIsNotBoth() public {
        IServicing.Amendment memory its = _extension();
        servicing.approve(its);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, DUE);
    }

    function test_aFinancingInDefaultIsNotExtended() public {
        IServicing.Amendment memory its = _extension();
        its.validUntil = uint40((DUE_DATE + 20) * 1 days);
        vm.warp((DUE_DATE + 1 + GRACE_DAYS) * 1 days);
        servicing.declareDefault(_id);
        _agree(its);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinancingDesk.FinancingStateWrong.selector,
                _id,
                IFinancingDesk.State.Defaulted,
                IFinancingDesk.State.Open
            )
        );
        servicing.approve(its);
    }

    function test_aRefusedRefinancingLeavesTheConsents() public {
        IServicing.Amendment memory its = _refinancing();
        desk.setLimit(_next, 1);
        _agree(its);
        uint256 owed = _owed(_id);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.RefinancingExceeds.selector, _id, IFinancingDesk.Bound.Limit, owed, 1)
        );
        servicing.approve(its);
        (bool bySupplier, bool byOfficer, bool spent) = servicing.consentOf(servicing.amendmentHash(its));
        assertTrue(bySupplier && !byOfficer && !spent);
        desk.setLimit(_next, LIMIT);
        servicing.approve(its);
        assertEq(FacilityId.unwrap(desk.financing(_id).facility), FacilityId.unwrap(_next));
    }

    // Signatures

    function test_theDigestIsTheOneOfTheType() public view {
        IServicing.Amendment memory its = _extension();
        assertEq(servicing.amendmentHash(its), _digest(its, 0));
        its.newFacility = _next;
        assertEq(servicing.amendmentHash(its), _digest(its, keccak256(abi.encode(_ladder(0, 6000, 8000, true)))));
    }

    function _digest(IServicing.Amendment memory its, bytes32 ladder) private view returns (bytes32) {
        bytes32 type_ = keccak256(
            "Amendment(uint64 financing,uint64 facility,uint16 maturityDay,uint64 newFacility,uint16 newMaturityDay,bytes32 document,uint40 validUntil,bytes32 ladder)"
        );
        bytes memory fields = abi.encode(
            type_,
            FinancingId.unwrap(_id),
            FacilityId.unwrap(facility),
            DUE,
            FacilityId.unwrap(its.newFacility),
            LATER,
            its.document,
            its.validUntil,
            ladder
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Portolan Servicing"),
                keccak256("1"),
                block.chainid,
                address(servicing)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(fields)));
    }

    function test_aRelayerBringsTheSuppliersSignature() public {
        IServicing.Amendment memory its = _extension();
        bytes memory signature = _signed(its, acme.key);
        vm.expectEmit(address(servicing));
        emit IServicing.AmendmentAgreed(_id, servicing.amendmentHash(its), supplier);
        vm.prank(stranger);
        servicing.agreeBySignature(its, signature);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
    }

    function test_anotherSignersSignatureIsRefused() public {
        IServicing.Amendment memory its = _extension();
        _assertUnsigned(its, _signed(its, borealis.key));
        _assertUnsigned(its, "");
        IServicing.Amendment memory other = _extension();
        other.newMaturityDay = LATER + 1;
        _assertUnsigned(its, _signed(other, acme.key));
    }

    function test_aSignatureForAnotherChainIsRefused() public {
        IServicing.Amendment memory its = _extension();
        bytes memory signature = _signed(its, acme.key);
        vm.chainId(block.chainid + 1);
        _assertUnsigned(its, signature);
    }

    /// @dev Invariant 68: what is pending at one servicing contract is nothing at another.
    function test_whatIsPendingStaysWithItsContract() public {
        IServicing.Amendment memory its = _extension();
        bytes memory signature = _signed(its, acme.key);
        servicing.approve(its);
        Servicing another = _newServicing();
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureInvalid.selector, _id, supplier));
        another.agreeBySignature(its, signature);
        vm.prank(supplier);
        another.agree(its);
        (bool bySupplier, bool byOfficer,) = another.consentOf(another.amendmentHash(its));
        assertTrue(bySupplier && !byOfficer);
        vm.expectRevert(
            abi.encodeWithSelector(IFinancingDesk.OnlyServicing.selector, address(another), address(servicing))
        );
        another.approve(its);
        (bySupplier, byOfficer,) = servicing.consentOf(servicing.amendmentHash(its));
        assertTrue(!bySupplier && byOfficer);
    }

    function test_aSmartAccountAgreesByItsOwnRule() public {
        SmartAccount account = new SmartSupplier(acme.account);
        IServicing.Amendment memory its = _extensionOf(account);
        bytes memory signature = _signed(its, borealis.key);
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureInvalid.selector, its.financing, address(account)));
        servicing.agreeBySignature(its, signature);
        signature = _signed(its, acme.key);
        account.setMood(SmartAccount.Mood.Refusing);
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureInvalid.selector, its.financing, address(account)));
        servicing.agreeBySignature(its, signature);
        account.setMood(SmartAccount.Mood.Honest);
        servicing.agreeBySignature(its, signature);
        servicing.approve(its);
        assertEq(desk.financing(its.financing).maturityDay, LATER);
    }

    // Extension

    function test_extensionInBothOrders() public {
        IServicing.Amendment memory its = _extension();
        uint256 snapshot = vm.snapshotState();
        _agree(its);
        assertEq(desk.financing(_id).maturityDay, DUE);
        vm.expectEmit(address(servicing));
        emit IServicing.AmendmentCarriedOut(_id, servicing.amendmentHash(its), its.document);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.MaturitySet(_id, DUE, LATER);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
        vm.revertToState(snapshot);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, DUE);
        vm.expectEmit(address(servicing));
        emit IServicing.AmendmentCarriedOut(_id, servicing.amendmentHash(its), its.document);
        _agree(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
    }

    function test_extensionMovesDefaultAndLosses() public {
        IServicing.Amendment memory its = _extension();
        _agree(its);
        servicing.approve(its);
        _overdue(30);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NothingToWriteOff.selector, _id, 0, 0, 0));
        servicing.markOverdue(_id);
        uint256 graceEndsAt = (DUE_DATE + 30 + 1 + GRACE_DAYS) * 1 days;
        vm.warp(graceEndsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IServicing.GraceNotOver.selector, _id, graceEndsAt, graceEndsAt - 1));
        servicing.declareDefault(_id);
        vm.warp(graceEndsAt);
        servicing.declareDefault(_id);
    }

    function testFuzz_extensionToAnyLaterDay(uint256 at, uint256 day) public {
        at = bound(at, START, (DUE_DATE + 10) * 1 days);
        day = bound(day, DUE_DATE - 5, DUE_DATE + 400);
        vm.warp(at);
        IServicing.Amendment memory its = _extension();
        its.newMaturityDay = uint16(day);
        its.validUntil = uint40(at);
        if (day <= DUE_DATE || day <= at / 1 days) return _assertInvalid(its);
        uint256 owed = _owed(_id);
        _agree(its);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, day);
        assertEq(_owed(_id), owed, "an extension alone costs and gives nothing");
    }

    // Refinancing

    function test_anotherPoolPaysWhatIsOwed() public {
        vm.warp(START + 20 days);
        IServicing.Amendment memory its = _refinancing();
        uint256 owed = _owed(_id);
        (uint256 oldCash, uint256 newCash) = (euro.balanceOf(address(pool)), euro.balanceOf(address(_other)));
        _agree(its);
        servicing.approve(its);
        assertEq(_principal(_id), owed);
        assertEq(pool.books().principalOut, 0);
        assertEq(pool.accruedIncome(), 0);
        assertEq(_other.books().principalOut, owed);
        assertEq(euro.balanceOf(address(pool)) - oldCash, owed);
        assertEq(newCash - euro.balanceOf(address(_other)), owed);
        assertEq(_drawn(facility), 0);
        assertEq(_drawn(_next), owed);
        uint256 key = OrganisationId.unwrap(borealis.id);
        assertEq(concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key), 0);
        assertEq(concentration.exposureOf(_other, IConcentration.Dimension.Debtor, key), owed);
        assertEq(_custody(), FACE_VALUE, "the collateral has not moved");
        _assertHealthy(_healthOf(pool, _other));
        _payItem(ITEM, FACE_VALUE);
        assertEq(_owed(_id), 0);
        _assertHealthy(_healthOf(pool, _other));
    }

    /// @dev The ladder is part of what was agreed: one that is changed in between has nobody's agreement.
    function test_ladderChangedInBetweenWasNotAgreed() public {
        IServicing.Amendment memory its = _refinancing();
        bytes memory signature = _signed(its, acme.key);
        bytes32 agreed = servicing.amendmentHash(its);
        _agree(its);
        desk.setLadder(_next, invoices, _ladder(0, 5900, 5950, false));
        assertNotEq(servicing.amendmentHash(its), agreed);
        servicing.approve(its);
        assertEq(FacilityId.unwrap(desk.financing(_id).facility), FacilityId.unwrap(facility), "not what was agreed");
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureInvalid.selector, _id, supplier));
        servicing.agreeBySignature(its, signature);
        _agree(its);
        assertEq(FacilityId.unwrap(desk.financing(_id).facility), FacilityId.unwrap(_next));
        assertEq(abi.encode(invoices.ladderOf(_id)), abi.encode(_ladder(0, 5900, 5950, false)));
    }

    /// @dev The ladder of an extension stays, whatever its facility has now.
    function test_extensionKeepsTheLadder() public {
        IServicing.Amendment memory its = _extension();
        _agree(its);
        desk.setLadder(facility, invoices, _ladder(0, 1000, 2000, false));
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
        assertEq(abi.encode(invoices.ladderOf(_id)), abi.encode(_ladder(0, 6000, 8000, true)));
    }

    // Withdrawals

    function test_withdrawnAgreementDoesNotCount() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        _agree(its);
        vm.expectEmit(address(servicing));
        emit IServicing.AmendmentWithdrawn(hash, supplier);
        vm.prank(supplier);
        servicing.withdrawAgreement(hash);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, DUE);
        (bool bySupplier, bool byOfficer, bool spent) = servicing.consentOf(hash);
        assertTrue(!bySupplier && byOfficer && !spent);
        _agree(its);
        assertEq(desk.financing(_id).maturityDay, LATER, "who changes its mind again may");
    }

    function test_onlyTheSupplierWithdrawsWhatItAgreedTo() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        _agree(its);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NotSupplierOf.selector, facility, stranger, supplier));
        servicing.withdrawAgreement(hash);
    }

    function test_withdrawnSignatureIsNotRelayedAgain() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        bytes memory signature = _signed(its, acme.key);
        servicing.agreeBySignature(its, signature);
        vm.prank(supplier);
        servicing.withdrawAgreement(hash);
        bytes memory refusal = abi.encodeWithSelector(IServicing.SignatureWithdrawn.selector, hash, supplier);
        vm.expectRevert(refusal);
        servicing.agreeBySignature(its, signature);
    }

    /// @dev Before anybody has relayed it; nobody else can do it for the supplier.
    function test_signatureIsWithdrawnBeforeItIsRelayed() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        bytes memory signature = _signed(its, acme.key);
        vm.prank(stranger);
        servicing.withdrawAgreement(hash);
        servicing.agreeBySignature(its, signature);
        vm.startPrank(supplier);
        servicing.withdrawAgreement(hash);
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureWithdrawn.selector, hash, supplier));
        servicing.agreeBySignature(its, signature);
    }

    function test_withdrawnApprovalDoesNotCount() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        vm.expectRevert(abi.encodeWithSelector(IServicing.NotApproved.selector, hash));
        servicing.withdrawApproval(hash);
        servicing.approve(its);
        vm.prank(supplier);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, supplier));
        servicing.withdrawApproval(hash);
        vm.expectEmit(address(servicing));
        emit IServicing.AmendmentWithdrawn(hash, address(this));
        servicing.withdrawApproval(hash);
        _agree(its);
        assertEq(desk.financing(_id).maturityDay, DUE);
        servicing.approve(its);
        assertEq(desk.financing(_id).maturityDay, LATER);
    }

    function test_whatWasCarriedOutIsNotWithdrawn() public {
        IServicing.Amendment memory its = _extension();
        bytes32 hash = servicing.amendmentHash(its);
        _agree(its);
        servicing.approve(its);
        bytes memory refusal = abi.encodeWithSelector(IServicing.AmendmentSpent.selector, hash);
        vm.prank(supplier);
        vm.expectRevert(refusal);
        servicing.withdrawAgreement(hash);
        vm.expectRevert(refusal);
        servicing.withdrawApproval(hash);
    }

    function test_refinancingAndExtensionAtOnce() public {
        IServicing.Amendment memory its = _refinancing();
        its.newMaturityDay = LATER;
        servicing.approve(its);
        _agree(its);
        IFinancingDesk.Financing memory now_ = desk.financing(_id);
        assertEq(FacilityId.unwrap(now_.facility), FacilityId.unwrap(_next));
        assertEq(now_.maturityDay, LATER);
    }

    /// @dev The new debt carries the new fees, and must be borne by the same pledge.
    function testFuzz_refinancingAtAnyTimeKeepsTheBooks(uint256 at, uint256 repaid) public {
        at = bound(at, START + 2 hours, (DUE_DATE + 1) * 1 days - 1);
        vm.warp(at);
        repaid = bound(repaid, 200_000, _owed(_id) - 1);
        _repay(_id, repaid);
        IServicing.Amendment memory its = _refinancing();
        its.validUntil = uint40(at);
        uint256 owed = _owed(_id);
        HealthCheck health = _healthOf(pool, _other);
        _agree(its);
        servicing.approve(its);
        assertEq(_principal(_id), owed);
        assertEq(_owed(_id), owed + _feeUp(owed, CHARGES_BPS));
        assertLe(_owed(_id), _base(_id));
        _assertHealthy(health);
        _repayAll(_id);
        _assertHealthy(health);
        assertEq(_drawn(_next), 0);
    }

    // Helpers

    function _extension() private view returns (IServicing.Amendment memory) {
        return IServicing.Amendment({
            financing: _id,
            facility: facility,
            maturityDay: DUE,
            newFacility: facility,
            newMaturityDay: LATER,
            document: keccak256("extension of 2026-0815"),
            validUntil: uint40(START + 30 days)
        });
    }

    /// @dev The whole base is drawn, so that part of it has been repaid to leave room for the new fees.
    function _refinancing() private returns (IServicing.Amendment memory its) {
        if (_principal(_id) > 5_500_000) _repay(_id, 600_000);
        its = _extension();
        (its.newFacility, its.newMaturityDay) = (_next, DUE);
    }

    function _extensionOf(SmartAccount account) private returns (IServicing.Amendment memory its) {
        registry.admitAccount(acme.lei, address(account));
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = address(account);
        FacilityId line = _openFacility(terms);
        ReceivableId item = ReceivableId.wrap(_itemOf("Acme 2026-0920"));
        vm.prank(address(account));
        receivables.register(IReceivableToken.RegisterTerms(item, debtor, "EUR", FACE_VALUE, QUANTITY, DUE_DATE, 0));
        vm.prank(debtor);
        receivables.accept(IReceivableToken.Acceptance(item, FACE_VALUE, QUANTITY, DUE_DATE, false));
        vm.startPrank(address(account));
        receivables.setApprovalForAll(address(invoices), true);
        its = _extension();
        its.financing = desk.openFinancing(line, invoices, ReceivableId.unwrap(item), FACE_VALUE, 0);
        vm.stopPrank();
        (its.facility, its.newFacility) = (line, line);
    }

    function _signed(IServicing.Amendment memory its, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, servicing.amendmentHash(its));
        return abi.encodePacked(r, s, v);
    }

    function _agree(IServicing.Amendment memory its) private {
        vm.prank(supplier);
        servicing.agree(its);
    }

    function _assertStale(IServicing.Amendment memory its, address by) private {
        IFinancingDesk.Financing memory now_ = desk.financing(_id);
        bytes memory reason =
            abi.encodeWithSelector(IServicing.AmendmentStale.selector, _id, now_.facility, now_.maturityDay);
        vm.expectRevert(reason);
        vm.prank(by);
        servicing.agree(its);
        vm.expectRevert(reason);
        servicing.approve(its);
    }

    function _assertInvalid(IServicing.Amendment memory its) private {
        bytes memory reason = abi.encodeWithSelector(
            IServicing.MaturityInvalid.selector, _id, its.newMaturityDay, vm.getBlockTimestamp() / 1 days
        );
        vm.expectRevert(reason);
        vm.prank(supplier);
        servicing.agree(its);
        vm.expectRevert(reason);
        servicing.approve(its);
    }

    function _assertUnsigned(IServicing.Amendment memory its, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IServicing.SignatureInvalid.selector, _id, supplier));
        servicing.agreeBySignature(its, signature);
    }
}
