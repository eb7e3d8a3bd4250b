// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {SmartAccount} from "../support/SmartAccount.sol";

/// @dev Invariants 22 and 33: only with the debtor's word, only while nobody else is concerned, and for good.
contract CancelByConsent is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    uint256 private constant DEADLINE = START + 1 days;

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
    }

    function test_without_consent_is_refused() public {
        _refused(abi.encodeWithSelector(IReceivableToken.ConsentMissing.selector, INVOICE));
        _consent(true);
        _consent(false);
        _refused(abi.encodeWithSelector(IReceivableToken.ConsentMissing.selector, INVOICE));
    }

    function test_consent_is_the_debtors() public {
        Party memory other = _admit("OTHERRETAIL", Roles.DEBTOR);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotDebtorOf.selector, INVOICE, other.id, borealis.id));
        vm.prank(other.account);
        receivables.consentToCancellation(INVOICE, true);
    }

    function test_by_another_supplier_is_refused() public {
        _consent(true);
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotSupplierOf.selector, INVOICE, rival.id, acme.id));
        vm.prank(rival.account);
        receivables.cancelByConsent(INVOICE);
    }

    function test_once_paid_on_is_refused() public {
        _consent(true);
        _pay(1);
        _refused(_notCancellable(1, 0, 0, FACE_VALUE));
    }

    function test_once_passed_on_is_refused() public {
        _consent(true);
        _move(acme.account, lender.account, 1000);
        _refused(_notCancellable(0, 1, 0, FACE_VALUE - 1000));
        vm.prank(acme.account);
        receivables.setApprovalForAll(lender.account, true);
        _move(lender.account, acme.account, 1000);
        _refused(_notCancellable(0, 2, 0, FACE_VALUE));
    }

    function test_while_pledged_or_reserved_is_refused() public {
        _consent(true);
        Custodian custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        vm.prank(acme.account);
        receivables.setApprovalForAll(address(custodian), true);
        vm.prank(address(custodian));
        receivables.reserve(INVOICE, acme.account, uint40(START + 1 days));
        _refused(_notCancellable(0, 0, 0, 0));
        vm.prank(address(custodian));
        receivables.endReservation(INVOICE, acme.account);
        _move(acme.account, address(custodian), 1000);
        _refused(_notCancellable(0, 0, 1, FACE_VALUE - 1000));
    }

    function test_an_expired_or_foreign_signature_is_refused() public {
        bytes memory signature = _sign(borealis.key, borealis.account);
        vm.startPrank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, INVOICE, borealis.account));
        receivables.cancelBySignature(INVOICE, borealis.account, DEADLINE + 1, signature);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, INVOICE, borealis.account));
        receivables.cancelBySignature(INVOICE, borealis.account, DEADLINE, signature);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReceivableToken.SignatureExpired.selector, INVOICE, DEADLINE, DEADLINE + 1)
        );
        receivables.cancelBySignature(INVOICE, borealis.account, DEADLINE, signature);
    }

    function test_a_signature_of_one_that_is_not_the_debtor_is_refused() public {
        bytes memory signature = _sign(acme.key, acme.account);
        vm.expectPartialRevert(IParticipantRegistry.RoleMissing.selector);
        vm.prank(acme.account);
        receivables.cancelBySignature(INVOICE, acme.account, DEADLINE, signature);
    }

    function test_with_consent_it_is_cancelled_for_good() public {
        _consent(true);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableCancelled(INVOICE);
        vm.prank(acme.account);
        receivables.cancelByConsent(INVOICE);
        _cancelledForGood();
    }

    function test_with_a_smart_accounts_signature_it_is_cancelled_for_good() public {
        SmartAccount wallet = new SmartAccount(borealis.account);
        registry.admitAccount(borealis.lei, address(wallet));
        bytes memory signature = _sign(borealis.key, address(wallet));
        vm.prank(acme.account);
        receivables.cancelBySignature(INVOICE, address(wallet), DEADLINE, signature);
        _cancelledForGood();
    }

    function _cancelledForGood() private {
        assertEq(receivables.balanceOf(acme.account, ID), 0);
        assertEq(receivables.outstanding(INVOICE), 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableExists.selector, INVOICE, IReceivableToken.State.Cancelled
            )
        );
        _register();
    }

    function _sign(uint256 key, address signer) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, receivables.cancellationDigest(INVOICE, signer, DEADLINE));
        return abi.encodePacked(r, s, v);
    }

    function _consent(bool given) private {
        vm.prank(borealis.account);
        receivables.consentToCancellation(INVOICE, given);
    }

    function _move(address from, address to, uint256 units) private {
        vm.prank(from);
        receivables.safeTransferFrom(from, to, ID, units, "");
    }

    function _refused(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(acme.account);
        receivables.cancelByConsent(INVOICE);
    }

    function _notCancellable(uint256 paid, uint256 transfers, uint8 custodian, uint256 units)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IReceivableToken.NotCancellable.selector, INVOICE, paid, transfers, custodian, units
        );
    }
}
