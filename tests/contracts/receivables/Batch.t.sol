// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchCalls, IBatchCalls} from "../../../contracts/libraries/BatchCalls.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Items that misbehave.
contract Batched is BatchCalls {
    uint256 public sum;
    uint256 public calls;

    function add(uint256 value) external returns (uint256) {
        sum += value;
        return sum;
    }

    function flood() external pure {
        assembly ("memory-safe") {
            revert(0, 300000)
        }
    }

    function burn() external {
        ++calls;
        assembly ("memory-safe") {
            invalid()
        }
    }

    function gasGiven() external view returns (uint256) {
        return gasleft();
    }
}

/// @dev Invariant 45: every item is checked, none spoils or hides the others, gas cannot choose.
contract Batch is Network {
    Batched private _batched;

    function setUp() public override {
        super.setUp();
        _batched = new Batched();
    }

    function test_an_empty_or_too_long_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IBatchCalls.BatchSizeOutOfRange.selector, 0, 64));
        _batched.batch(new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(IBatchCalls.BatchSizeOutOfRange.selector, 65, 64));
        _batched.batch(new bytes[](65));
    }

    function test_with_too_little_gas_the_whole_is_refused() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(Batched.burn, ());
        calls[1] = abi.encodeCall(Batched.add, (1));
        vm.expectPartialRevert(IBatchCalls.BatchGasTooLow.selector);
        _batched.batch{gas: 2_500_000}(calls);
        assertEq(_batched.sum(), 0);
    }

    function testFuzz_whatever_gas_is_sent_each_item_has_its_own_or_nothing_happens(uint256 gasSent) public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(Batched.add, (1));
        calls[1] = abi.encodeCall(Batched.gasGiven, ());
        gasSent = bound(gasSent, 100_000, 3_000_000);
        (bool done, bytes memory answer) = address(_batched).call{gas: gasSent}(abi.encodeCall(_batched.batch, (calls)));
        assertEq(_batched.sum(), done ? 1 : 0);
        if (!done) return;
        IBatchCalls.Outcome[] memory outcomes = abi.decode(answer, (IBatchCalls.Outcome[]));
        assertGt(abi.decode(outcomes[1].data, (uint256)), 1_490_000);
    }

    function test_a_batch_in_a_batch_fails_alone() public {
        bytes[] memory inner = new bytes[](1);
        inner[0] = abi.encodeCall(Batched.add, (1));
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(_batched.batch, (inner));
        IBatchCalls.Outcome[] memory outcomes = _batched.batch(calls);
        assertFalse(outcomes[0].ok);
        assertEq(bytes4(outcomes[0].data), IBatchCalls.BatchGasTooLow.selector);
        assertEq(_batched.sum(), 0);
    }

    function test_items_that_misbehave_spoil_only_themselves() public {
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(Batched.add, (1));
        calls[1] = abi.encodeCall(Batched.flood, ());
        calls[2] = abi.encodeCall(Batched.burn, ());
        calls[3] = hex"deadbeef";
        calls[4] = abi.encodeCall(Batched.add, (2));
        vm.expectEmit(true, false, false, false, address(_batched));
        emit IBatchCalls.BatchItemFailed(1, "");
        IBatchCalls.Outcome[] memory outcomes = _batched.batch(calls);
        assertEq(outcomes.length, 5);
        assertEq(abi.decode(outcomes[0].data, (uint256)), 1);
        assertEq(outcomes[1].data.length, 512);
        assertFalse(outcomes[1].ok || outcomes[2].ok || outcomes[3].ok);
        assertEq(abi.decode(outcomes[4].data, (uint256)), 3);
        assertEq(_batched.calls(), 0);
    }

    /// @dev The token's: every item is checked as a call of its own, for the same caller.
    function test_every_invoice_of_a_batch_is_checked() public {
        bytes[] memory calls = new bytes[](3);
        IReceivableToken.RegisterTerms memory terms = _terms();
        calls[0] = abi.encodeCall(receivables.register, (terms));
        calls[1] = calls[0];
        terms.id = ReceivableId.wrap(2);
        calls[2] = abi.encodeCall(receivables.register, (terms));
        vm.prank(acme.account);
        IBatchCalls.Outcome[] memory outcomes = receivables.batch(calls);
        assertTrue(outcomes[0].ok && !outcomes[1].ok && outcomes[2].ok);
        assertEq(
            outcomes[1].data,
            abi.encodeWithSelector(
                IReceivableToken.ReceivableExists.selector, INVOICE, IReceivableToken.State.Registered
            )
        );
        assertTrue(receivables.receivable(terms.id).supplier == acme.id);
        assertEq(receivables.balanceOf(acme.account, 2), FACE_VALUE);
    }

    function test_nobody_gains_an_office_by_a_batch() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(receivables.setDisputes, (address(euro)));
        calls[1] = abi.encodeCall(receivables.dilute, (INVOICE, 1));
        vm.prank(acme.account);
        IBatchCalls.Outcome[] memory outcomes = receivables.batch(calls);
        assertFalse(outcomes[0].ok || outcomes[1].ok);
    }

    function test_payments_of_a_batch_reach_the_custodians() public {
        _registerAndAccept();
        Custodian custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, address(custodian), ReceivableId.unwrap(INVOICE), 1000, "");
        _issue(euro, borealis.account, 3000);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(receivables.pay, (INVOICE, 1000));
        calls[1] = abi.encodeCall(receivables.pay, (INVOICE, 2000));
        vm.startPrank(borealis.account);
        euro.approve(address(receivables), 3000);
        IBatchCalls.Outcome[] memory outcomes = receivables.batch(calls);
        assertTrue(outcomes[0].ok && outcomes[1].ok);
        assertEq(receivables.receivable(INVOICE).paid, 3000);
        assertEq(custodian.hints(), 2);
    }
}
