// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../../../contracts/libraries/Hints.sol";
import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Custodian} from "../support/Custodian.sol";
import {HookedCash} from "../support/HookedCash.sol";
import {Network} from "../support/Network.t.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @dev Invariant 34: what is paid changes only with cash that has arrived.
contract Pay is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));

    function test_before_acceptance_is_refused() public {
        _register();
        _refused(1, _stateWrong(IReceivableToken.State.Registered));
    }

    function test_after_settlement_is_refused() public {
        _registerAndAccept();
        _pay(FACE_VALUE);
        _refused(1, _stateWrong(IReceivableToken.State.Settled));
    }

    function test_of_nothing_is_refused() public {
        _registerAndAccept();
        _refused(0, abi.encodeWithSelector(IReceivableToken.PaymentZero.selector, INVOICE));
    }

    function test_what_is_too_much_never_leaves_the_payer() public {
        _registerAndAccept();
        _pay(1);
        _approveFor(FACE_VALUE + 7);
        vm.prank(borealis.account);
        assertEq(receivables.pay(INVOICE, FACE_VALUE + 7), FACE_VALUE - 1);
        assertEq(euro.balanceOf(borealis.account), 8);
        assertEq(euro.balanceOf(address(receivables)), FACE_VALUE);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
    }

    function test_without_allowance_nothing_counts() public {
        _registerAndAccept();
        _issue(euro, borealis.account, FACE_VALUE);
        _refused(
            FACE_VALUE,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(receivables), 0, FACE_VALUE
            )
        );
    }

    function test_without_cash_nothing_counts() public {
        _registerAndAccept();
        vm.prank(borealis.account);
        euro.approve(address(receivables), FACE_VALUE);
        _refused(
            FACE_VALUE,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, borealis.account, 0, FACE_VALUE)
        );
    }

    function test_from_a_frozen_payer_nothing_counts() public {
        _registerAndAccept();
        registry.freezeAccount(borealis.account);
        vm.prank(borealis.account);
        euro.approve(address(receivables), 1);
        _refused(1, abi.encodeWithSelector(IParticipantRegistry.AccountIsFrozen.selector, borealis.account));
    }

    function test_cash_sent_past_it_pays_nothing() public {
        _registerAndAccept();
        _issue(euro, borealis.account, FACE_VALUE);
        vm.prank(borealis.account);
        euro.transfer(address(receivables), FACE_VALUE);
        assertEq(receivables.receivable(INVOICE).paid, 0);
        assertEq(receivables.claimable(INVOICE, acme.account), 0);
    }

    function testFuzz_in_two_parts_settles_at_the_face_value(uint256 first) public {
        _registerAndAccept();
        first = bound(first, 1, FACE_VALUE - 1);
        _pay(first);
        IReceivableToken.Receivable memory half = receivables.receivable(INVOICE);
        assertEq(half.paid, first);
        assertTrue(half.state == IReceivableToken.State.Accepted);
        assertEq(receivables.outstanding(INVOICE), FACE_VALUE - first);

        _issue(euro, lender.account, FACE_VALUE);
        vm.startPrank(lender.account);
        euro.approve(address(receivables), FACE_VALUE);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivablePaid(INVOICE, lender.account, FACE_VALUE - first, 0);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableSettled(INVOICE);
        receivables.pay(INVOICE, FACE_VALUE - first);

        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled);
        assertEq(euro.balanceOf(address(receivables)), FACE_VALUE);
        assertEq(euro.balanceOf(lender.account), first);
        assertEq(euro.balanceOf(acme.account), 0);
    }

    function test_the_custodian_is_told_and_takes_its_share_at_once() public {
        Custodian custodian = _pledgeWith(Custodian.Mood.Claiming);
        _pay(FACE_VALUE / 4);
        assertEq(custodian.hints(), 1);
        assertEq(euro.balanceOf(address(custodian)), FACE_VALUE / 4);
        assertEq(receivables.balanceOf(address(custodian), ID), FACE_VALUE - FACE_VALUE / 4);
    }

    function test_a_custodian_that_fails_delays_nothing() public {
        Custodian custodian = _pledgeWith(Custodian.Mood.Reverting);
        for (uint8 mood = uint8(Custodian.Mood.Reverting); mood <= uint8(Custodian.Mood.Burning); ++mood) {
            custodian.setMood(Custodian.Mood(mood));
            _approveFor(1000);
            vm.expectEmit(address(receivables));
            emit IReceivableToken.ProceedsHintFailed(INVOICE, address(custodian));
            uint256 before = gasleft();
            vm.prank(borealis.account);
            receivables.pay(INVOICE, 1000);
            assertLt(before - gasleft(), Hints.STIPEND + 200_000);
        }
        assertEq(receivables.receivable(INVOICE).paid, 3000);
        custodian.claim(INVOICE);
        assertEq(euro.balanceOf(address(custodian)), 3000);
    }

    /// @dev Whatever gas the payer sends: the custodian gets its whole stipend, or nothing at all happens.
    function testFuzz_the_hint_cannot_be_starved(uint256 gasSent) public {
        Custodian custodian = _pledgeWith(Custodian.Mood.Claiming);
        _approveFor(1000);
        gasSent = bound(gasSent, 500_000, 650_000);
        vm.prank(borealis.account);
        (bool done,) = address(receivables).call{gas: gasSent}(abi.encodeCall(receivables.pay, (INVOICE, 1000)));

        assertEq(receivables.receivable(INVOICE).paid, done ? 1000 : 0);
        assertEq(custodian.claimed(), done ? 1000 : 0);
        if (done) assertGt(custodian.gasGiven(), Hints.STIPEND - 1000);
    }

    function test_too_little_gas_is_named() public {
        _pledgeWith(Custodian.Mood.Claiming);
        _approveFor(1000);
        vm.prank(borealis.account);
        vm.expectPartialRevert(Hints.GasTooLow.selector);
        receivables.pay{gas: 450_000}(INVOICE, 1000);
    }

    function test_without_a_custodian_little_gas_will_do() public {
        _registerAndAccept();
        _approveFor(1000);
        vm.prank(borealis.account);
        receivables.pay{gas: 150_000}(INVOICE, 1000);
        assertEq(receivables.receivable(INVOICE).paid, 1000);
    }

    /// @dev Hints do not nest: a second stipend does not fit into the first, so only the custodian's own call fails.
    function test_a_custodian_that_pays_while_it_is_told_spoils_its_own_hint_only() public {
        Custodian custodian = _pledgeWith(Custodian.Mood.PayingAgain);
        _issue(euro, address(custodian), 5);
        vm.prank(address(custodian));
        euro.approve(address(receivables), 5);
        _pay(1000);

        assertEq(custodian.hints(), 0);
        assertEq(receivables.receivable(INVOICE).paid, 1000);
        assertEq(euro.balanceOf(address(receivables)), 1000);
        assertEq(euro.balanceOf(address(custodian)), 5);
    }

    /// @dev Invariant 55: a cash token that calls back while it is being pulled gets nothing twice.
    function test_a_cash_token_that_calls_back_is_locked_out() public {
        HookedCash hooked = new HookedCash("XTS");
        receivables.listCurrency(ICashToken(address(hooked)));
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.currency = "XTS";
        vm.prank(acme.account);
        receivables.register(terms);
        vm.prank(borealis.account);
        receivables.accept(_acceptance());

        hooked.onTransfer(address(receivables), abi.encodeCall(receivables.pay, (INVOICE, 1)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        receivables.pay(INVOICE, 1000);
        hooked.onTransfer(address(receivables), abi.encodeCall(receivables.claim, (INVOICE)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        receivables.pay(INVOICE, 1000);
        assertEq(receivables.receivable(INVOICE).paid, 0);
        hooked.onTransfer(address(receivables), abi.encodeCall(receivables.outstanding, (INVOICE)));
        receivables.pay(INVOICE, 1000);
        assertEq(receivables.receivable(INVOICE).paid, 1000);
    }

    function _pledgeWith(Custodian.Mood mood) private returns (Custodian custodian) {
        _registerAndAccept();
        custodian = new Custodian(receivables);
        custodian.setMood(mood);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, address(custodian), ID, FACE_VALUE, "");
    }

    function _approveFor(uint256 amount) private {
        _issue(euro, borealis.account, amount);
        vm.prank(borealis.account);
        euro.approve(address(receivables), amount);
    }

    function _refused(uint256 amount, bytes memory reason) private {
        uint56 paid = receivables.receivable(INVOICE).paid;
        vm.expectRevert(reason);
        vm.prank(borealis.account);
        receivables.pay(INVOICE, amount);
        assertEq(receivables.receivable(INVOICE).paid, paid);
    }

    function _stateWrong(IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IReceivableToken.ReceivableStateWrong.selector, INVOICE, state, IReceivableToken.State.Accepted
        );
    }
}
