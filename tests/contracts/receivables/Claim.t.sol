// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";

contract Claim is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
    }

    function test_before_any_payment_is_refused() public {
        _refused(acme.account);
    }

    function test_by_one_without_units_is_refused() public {
        _pay(1000);
        _refused(lender.account);
    }

    function test_a_second_time_is_refused() public {
        _pay(1000);
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        _refused(acme.account);
    }

    function test_after_settlement_a_second_time_is_refused() public {
        _pay(FACE_VALUE);
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        _refused(acme.account);
    }

    /// @dev Invariant 64: what a frozen holder is owed waits for it.
    function test_a_frozen_holder_waits_and_loses_nothing() public {
        _pay(1000);
        registry.freezeAccount(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, acme.account));
        vm.prank(acme.account);
        receivables.claim(INVOICE);

        assertEq(receivables.claimable(INVOICE, acme.account), 1000);
        registry.unfreezeAccount(acme.account);
        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), 1000);
    }

    function test_a_share_below_one_minor_unit_brings_the_holder_up_to_date() public {
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1, "");
        _pay(FACE_VALUE / 2);
        vm.prank(lender.account);
        assertEq(receivables.claim(INVOICE), 0);
        assertEq(receivables.holding(INVOICE, lender.account).syncedPaid, FACE_VALUE / 2);
        assertEq(receivables.balanceOf(lender.account, ID), 1);

        _pay(FACE_VALUE / 2);
        vm.prank(lender.account);
        assertEq(receivables.claim(INVOICE), 1);
    }

    function testFuzz_the_only_holder_takes_all_that_came_in(uint256 paid) public {
        paid = bound(paid, 1, FACE_VALUE);
        _pay(paid);
        assertEq(receivables.claimable(INVOICE, acme.account), paid);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ProceedsClaimed(INVOICE, acme.account, paid);
        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), paid);

        assertEq(euro.balanceOf(acme.account), paid);
        assertEq(euro.balanceOf(address(receivables)), 0);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE - paid);
    }

    /// @dev Expectation by another way: of everything paid so far, a holder that keeps its units has had its exact
    /// share, less at most one minor unit for each time that it claimed.
    function testFuzz_shares_follow_the_units(uint256 part, uint256[6] memory payments) public {
        part = bound(part, 1, FACE_VALUE - 1);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, part, "");
        uint256 paid = 0;
        uint256 had = 0;
        uint256 claims = 0;
        for (uint256 i = 0; i < payments.length && paid < FACE_VALUE; ++i) {
            uint256 amount = bound(payments[i], 1, FACE_VALUE - paid);
            _pay(amount);
            paid += amount;
            if (receivables.balanceOf(lender.account, ID) == 0) continue;
            vm.prank(lender.account);
            had += receivables.claim(INVOICE);
            ++claims;
            assertLe(had * FACE_VALUE, part * paid);
            assertGe((had + claims) * FACE_VALUE, part * paid);
        }
    }

    /// @dev Invariant 30: the order and number of claims change nobody's total.
    function testFuzz_at_full_payment_everyone_has_had_its_units(uint256 part, uint256 seed, uint8 payments) public {
        part = bound(part, 1, FACE_VALUE - 1);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, part, "");
        uint256 left = FACE_VALUE;
        for (uint256 i = 0; left != 0; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            uint256 amount = i >= payments % 12 ? left : bound(draw, 1, left);
            _pay(amount);
            left -= amount;
            if (draw & (1 << 254) != 0) _claimIfAny(acme.account);
            if (draw & (1 << 255) != 0) _claimIfAny(lender.account);
        }
        _claimIfAny(lender.account);
        _claimIfAny(acme.account);

        assertEq(euro.balanceOf(lender.account), part);
        assertEq(euro.balanceOf(acme.account), FACE_VALUE - part);
        assertEq(euro.balanceOf(address(receivables)), 0);
    }

    function testFuzz_the_largest_invoice_does_not_overflow(uint56 faceValue, uint56 paid) public {
        faceValue = uint56(bound(faceValue, 1, type(uint56).max));
        paid = uint56(bound(paid, 1, faceValue));
        IReceivableToken.RegisterTerms memory terms = _terms();
        IReceivableToken.Acceptance memory said = _acceptance();
        (said.id, said.faceValue) = (_otherId(), faceValue);
        (terms.id, terms.faceValue) = (_otherId(), faceValue);
        vm.prank(acme.account);
        receivables.register(terms);
        vm.prank(borealis.account);
        receivables.accept(said);
        _issue(euro, borealis.account, paid);
        vm.startPrank(borealis.account);
        euro.approve(address(receivables), paid);
        receivables.pay(_otherId(), paid);
        vm.stopPrank();

        assertEq(receivables.claimable(_otherId(), acme.account), paid);
    }

    function _claimIfAny(address holder) private {
        if (receivables.claimable(INVOICE, holder) == 0) return;
        vm.prank(holder);
        receivables.claim(INVOICE);
    }

    function _refused(address holder) private {
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NothingToClaim.selector, INVOICE, holder));
        vm.prank(holder);
        receivables.claim(INVOICE);
    }

    function _otherId() private pure returns (ReceivableId) {
        return ReceivableId.wrap(2);
    }
}
