// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Invariant 58: not before grace, not put off by dust, by anyone.
contract MarkDefaulted is Network {
    uint256 private constant FROM = (DUE_DATE + 31) * 1 days;

    function test_before_acceptance_is_refused() public {
        _register();
        vm.warp(FROM);
        _refused(IReceivableToken.State.Registered);
    }

    function test_of_what_is_paid_is_refused() public {
        _registerAndAccept();
        _pay(FACE_VALUE);
        vm.warp(FROM);
        _refused(IReceivableToken.State.Settled);
    }

    function test_a_second_time_is_refused() public {
        _registerAndAccept();
        vm.warp(FROM);
        receivables.markDefaulted(INVOICE);
        _refused(IReceivableToken.State.Defaulted);
    }

    function testFuzz_not_before_the_days_of_grace_have_passed(uint256 now_) public {
        _registerAndAccept();
        now_ = bound(now_, START, FROM - 1);
        vm.warp(now_);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotOverdue.selector, INVOICE, now_, FROM));
        receivables.markDefaulted(INVOICE);
    }

    function test_a_late_payment_of_dust_does_not_put_it_off() public {
        _registerAndAccept();
        vm.warp(FROM - 1);
        _pay(1);
        vm.warp(FROM);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableDefaulted(INVOICE, FACE_VALUE - 1);
        vm.prank(makeAddr("anyone"));
        receivables.markDefaulted(INVOICE);
    }

    function test_it_can_still_be_paid_and_settled() public {
        _registerAndAccept();
        vm.warp(FROM);
        receivables.markDefaulted(INVOICE);
        _pay(1000);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Defaulted);
        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), 1000);
        _pay(FACE_VALUE - 1000);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
    }

    function _refused(IReceivableToken.State state) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector, INVOICE, state, IReceivableToken.State.Accepted
            )
        );
        receivables.markDefaulted(INVOICE);
    }
}
