// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableDisputes} from "../../../contracts/receivables/interfaces/IReceivableDisputes.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract Dispute is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    bytes32 private constant PROOF = keccak256("receipt advice");

    function setUp() public override {
        super.setUp();
        _register();
        IReceivableToken.Acceptance memory said = _acceptance();
        said.waiveSetOff = false;
        vm.prank(borealis.account);
        receivables.accept(said);
    }

    function test_by_anyone_but_the_debtor_is_refused() public {
        Party memory other = _admit("OTHERRETAIL", Roles.DEBTOR);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotDebtorOf.selector, INVOICE, other.id, borealis.id));
        vm.prank(other.account);
        disputes.openDispute(INVOICE, 1, PROOF);
    }

    function test_without_evidence_is_refused() public {
        _refused(1, 0, abi.encodeWithSelector(IReceivableDisputes.EvidenceMissing.selector, INVOICE));
    }

    function test_out_of_range_is_refused() public {
        _refused(0, PROOF, _outOfRange(0, FACE_VALUE));
        _refused(FACE_VALUE + 1, PROOF, _outOfRange(FACE_VALUE + 1, FACE_VALUE));
    }

    function test_when_due_is_refused() public {
        uint256 before = (DUE_DATE + 1) * 1 days;
        vm.warp(before);
        _refused(1, PROOF, abi.encodeWithSelector(IReceivableDisputes.DisputeTooLate.selector, INVOICE, before, before));
        vm.warp(before - 1);
        _open(1);
    }

    function test_a_second_at_a_time_is_refused() public {
        _open(1000);
        _refused(
            1,
            PROOF,
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector,
                INVOICE,
                IReceivableToken.State.Disputed,
                IReceivableToken.State.Accepted
            )
        );
    }

    function test_where_set_off_was_waived_is_refused() public {
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.id = ReceivableId.wrap(2);
        vm.prank(acme.account);
        receivables.register(terms);
        IReceivableToken.Acceptance memory said = _acceptance();
        said.id = terms.id;
        vm.startPrank(borealis.account);
        receivables.accept(said);
        vm.expectRevert(abi.encodeWithSelector(IReceivableDisputes.SetOffIsWaived.selector, terms.id));
        disputes.openDispute(terms.id, 1, PROOF);
    }

    function test_resolving_is_the_arbiters() public {
        _open(1000);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        vm.prank(acme.account);
        disputes.resolve(INVOICE, 0, PROOF);
        vm.expectRevert(_outOfRange(1001, 1000));
        disputes.resolve(INVOICE, 1001, PROOF);
        vm.expectRevert(abi.encodeWithSelector(IReceivableDisputes.EvidenceMissing.selector, INVOICE));
        disputes.resolve(INVOICE, 1, 0);
    }

    function test_without_a_dispute_there_is_nothing_to_end() public {
        bytes memory none = abi.encodeWithSelector(IReceivableDisputes.NoDispute.selector, INVOICE);
        vm.expectRevert(none);
        disputes.resolve(INVOICE, 0, PROOF);
        vm.expectRevert(none);
        vm.prank(acme.account);
        disputes.concede(INVOICE, 1, PROOF);
        vm.expectRevert(none);
        vm.prank(borealis.account);
        disputes.withdrawDispute(INVOICE);
    }

    function test_conceding_is_the_suppliers_and_within_what_is_disputed() public {
        _open(1000);
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotSupplierOf.selector, INVOICE, rival.id, acme.id));
        vm.prank(rival.account);
        disputes.concede(INVOICE, 1, PROOF);
        vm.expectRevert(_outOfRange(1001, 1000));
        vm.prank(acme.account);
        disputes.concede(INVOICE, 1001, PROOF);
    }

    function test_the_supplier_gives_in_bit_by_bit() public {
        _open(1000);
        vm.startPrank(acme.account);
        disputes.concede(INVOICE, 400, PROOF);
        assertEq(receivables.disputedOf(INVOICE), 600);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Disputed);
        disputes.concede(INVOICE, 600, PROOF);
        assertEq(receivables.outstanding(INVOICE), FACE_VALUE - 1000);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Accepted);
    }

    function test_the_debtor_takes_it_back_and_may_open_another() public {
        _open(1000);
        vm.startPrank(borealis.account);
        disputes.withdrawDispute(INVOICE);
        assertEq(receivables.outstanding(INVOICE), FACE_VALUE);
        disputes.openDispute(INVOICE, 5, PROOF);
        assertEq(receivables.disputedOf(INVOICE), 5);
    }

    /// @dev The units in custody absorb what the supplier's own do not; nobody can hold the arbiter up.
    function testFuzz_the_award_is_absorbed_by_the_supplier_then_by_custody(
        uint256 pledged,
        uint256 paid,
        uint256 disputed,
        uint256 diluted
    ) public {
        pledged = bound(pledged, 1, FACE_VALUE);
        paid = bound(paid, 1, FACE_VALUE - 1);
        disputed = bound(disputed, 1, FACE_VALUE - paid);
        diluted = bound(diluted, 1, disputed);
        Custodian custodian = _pledge(pledged);
        _pay(paid);
        registry.freezeAccount(acme.account);
        _open(disputed);
        (uint256 supplierHad, uint256 supplierShare) = receivables.position(INVOICE, acme.account);
        (uint256 custodyHad, uint256 custodyShare) = receivables.position(INVOICE, address(custodian));
        vm.expectEmit(address(disputes));
        emit IReceivableDisputes.DisputeResolved(INVOICE, diluted, disputed - diluted, PROOF);
        disputes.resolve(INVOICE, diluted, PROOF);

        uint256 own = supplierHad - supplierShare;
        uint256 fromSupplier = diluted < own ? diluted : own;
        assertEq(receivables.balanceOf(acme.account, ID), own - fromSupplier + _unsynced(fromSupplier, supplierShare));
        (uint256 custodyHas, uint256 custodyClaimable) = receivables.position(INVOICE, address(custodian));
        assertEq(custodyHad - custodyHas, diluted - fromSupplier);
        assertEq(custodyClaimable >= custodyShare, true);
        assertEq(receivables.outstanding(INVOICE), FACE_VALUE - paid - diluted);
        assertEq(custodian.hints(), 2);
    }

    function test_what_is_paid_beyond_the_undisputed_settles_the_dispute() public {
        _open(1000);
        _pay(FACE_VALUE - 400);
        assertEq(receivables.disputedOf(INVOICE), 400);
        _pay(400);
        assertEq(receivables.disputedOf(INVOICE), 0);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
    }

    function test_a_dispute_keeps_nothing_from_defaulting_and_is_resolved_after() public {
        _open(1000);
        vm.warp((DUE_DATE + 31) * 1 days);
        receivables.markDefaulted(INVOICE);
        assertEq(receivables.disputedOf(INVOICE), 1000);
        disputes.resolve(INVOICE, 600, PROOF);
        assertEq(receivables.outstanding(INVOICE), FACE_VALUE - 600);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Defaulted);
        _pay(FACE_VALUE - 600);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
    }

    function test_resolved_after_grace_it_goes_on_as_defaulted() public {
        _open(1000);
        vm.warp((DUE_DATE + 31) * 1 days);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableDefaulted(INVOICE, FACE_VALUE);
        disputes.resolve(INVOICE, 0, PROOF);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Defaulted);
    }

    function test_the_whole_diluted_is_settled() public {
        _open(FACE_VALUE);
        disputes.resolve(INVOICE, FACE_VALUE, PROOF);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
        assertEq(receivables.balanceOf(acme.account, ID), 0);
    }

    /// @dev The share of a holder that absorbs nothing stays in its units until it claims.
    function _unsynced(uint256 absorbed, uint256 share) private pure returns (uint256) {
        return absorbed == 0 ? share : 0;
    }

    function _pledge(uint256 units) private returns (Custodian custodian) {
        custodian = new Custodian(receivables);
        custodian.setMood(Custodian.Mood.Idle);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, address(custodian), ID, units, "");
    }

    function _open(uint256 amount) private {
        vm.prank(borealis.account);
        disputes.openDispute(INVOICE, amount, PROOF);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Disputed);
    }

    function _refused(uint256 amount, bytes32 evidence, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(borealis.account);
        disputes.openDispute(INVOICE, amount, evidence);
    }

    function _outOfRange(uint256 amount, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReceivableDisputes.DisputeAmountOutOfRange.selector, INVOICE, amount, most);
    }
}
