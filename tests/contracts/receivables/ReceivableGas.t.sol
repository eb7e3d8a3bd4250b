// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";
import {console} from "forge-std/console.sol";

/// @title What the main operations cost as whole transactions in steady use: each call runs in its own, so that storage
/// is cold and calldata counts. The budgets are the stage's. Run with -vv to see the figures.
/// forge-config: default.isolate = true
contract ReceivableGas is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    ReceivableId private constant OTHER = ReceivableId.wrap(uint256(keccak256("Acme 2026-0816")));

    function test_register_and_accept() public {
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.id = OTHER;
        vm.prank(acme.account);
        receivables.register(terms);
        _within("register", 95_000);
        IReceivableToken.Acceptance memory said = _acceptance();
        said.id = OTHER;
        vm.prank(borealis.account);
        receivables.accept(said);
        _within("accept", 45_000);
    }

    function test_transfer_of_a_part() public {
        _registerAndAccept();
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1_000_000, "");
        _within("transfer of a part to a new holder", 80_000);
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, 1_000_000, "");
        _within("transfer of a part to a known holder", 65_000);
    }

    /// @dev Steady use: the token holds cash of other invoices, the payer keeps some, the holder has had some.
    function test_pay_and_claim() public {
        _issue(euro, acme.account, 1);
        _issue(euro, address(receivables), 1);
        _issue(euro, borealis.account, 2 * FACE_VALUE);
        _registerAndAccept();
        vm.prank(borealis.account);
        euro.approve(address(receivables), type(uint256).max);
        vm.prank(borealis.account);
        receivables.pay(INVOICE, 1_000_000);
        _within("pay", 85_000);
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        _within("claim", 68_000);
        vm.prank(borealis.account);
        receivables.pay(INVOICE, FACE_VALUE);
        _within("pay the rest", 85_000);
        vm.prank(acme.account);
        receivables.claim(INVOICE);
        _within("claim the rest", 68_000);
    }

    function test_position_is_cheap_to_read() public {
        _registerAndAccept();
        receivables.position(INVOICE, acme.account);
        console.log("position, as a transaction", vm.lastCallGas().gasTotalUsed);
        assertLe(vm.lastCallGas().gasTotalUsed, 21_000 + 12_000);
    }

    function _within(string memory operation, uint256 budget) private view {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        console.log(operation, used);
        assertLe(used, budget, operation);
    }
}
