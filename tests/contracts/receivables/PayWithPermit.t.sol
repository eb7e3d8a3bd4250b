// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @dev Invariant 65: a permit that somebody used first does not break the payment.
contract PayWithPermit is Network {
    uint256 private constant DEADLINE = START + 1 days;

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
        _issue(euro, borealis.account, FACE_VALUE + 50);
    }

    function test_a_permit_of_somebody_else_pays_nothing() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(acme.key, 1000);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(receivables), 0, 1000)
        );
        vm.prank(borealis.account);
        receivables.payWithPermit(INVOICE, 1000, DEADLINE, v, r, s);
    }

    function test_somebody_elses_permit_cannot_be_spent() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(borealis.key, 1000);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(receivables), 0, 1000)
        );
        vm.prank(acme.account);
        receivables.payWithPermit(INVOICE, 1000, DEADLINE, v, r, s);
        assertEq(euro.balanceOf(borealis.account), FACE_VALUE + 50);
    }

    function test_of_an_unknown_invoice_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector,
                ReceivableId.wrap(9),
                IReceivableToken.State.None,
                IReceivableToken.State.Accepted
            )
        );
        vm.prank(borealis.account);
        receivables.payWithPermit(ReceivableId.wrap(9), 1000, DEADLINE, 27, 0, 0);
    }

    function testFuzz_it_pays_at_most_what_is_owed(uint256 amount, bool frontRun) public {
        amount = bound(amount, 1, FACE_VALUE + 50);
        (uint8 v, bytes32 r, bytes32 s) = _permit(borealis.key, amount);
        if (frontRun) euro.permit(borealis.account, address(receivables), amount, DEADLINE, v, r, s);
        uint256 expected = amount < FACE_VALUE ? amount : FACE_VALUE;
        vm.prank(borealis.account);
        assertEq(receivables.payWithPermit(INVOICE, amount, DEADLINE, v, r, s), expected);
        assertEq(receivables.receivable(INVOICE).paid, expected);
        assertEq(euro.balanceOf(borealis.account), FACE_VALUE + 50 - expected);
    }

    function _permit(uint256 key, uint256 amount) private view returns (uint8, bytes32, bytes32) {
        bytes32 contents = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                borealis.account,
                address(receivables),
                amount,
                0,
                DEADLINE
            )
        );
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", euro.DOMAIN_SEPARATOR(), contents)));
    }
}
