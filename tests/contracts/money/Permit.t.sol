// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {Network} from "../support/Network.t.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

contract Permit is Network {
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    function setUp() public override {
        super.setUp();
        _issue(euro, lender.account, 1000);
    }

    function test_an_expired_permit_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        vm.warp(START + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, START));
        euro.permit(lender.account, acme.account, 400, START, v, r, s);
    }

    function test_another_amount_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        euro.permit(lender.account, acme.account, 401, START, v, r, s);
    }

    function test_the_mirrored_signature_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        bytes32 mirrored = bytes32(ORDER - uint256(s));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, mirrored));
        euro.permit(lender.account, acme.account, 400, START, v == 27 ? 28 : 27, r, mirrored);
    }

    function test_a_permit_of_another_currency_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        dollar.permit(lender.account, acme.account, 400, START, v, r, s);
    }

    function test_a_permit_of_another_chain_is_refused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        euro.permit(lender.account, acme.account, 400, START, v, r, s);
    }

    function test_a_permit_does_not_lift_the_rules() public {
        address stranger = makeAddr("stranger");
        (uint8 v, bytes32 r, bytes32 s) = _sign(stranger, 400, START);
        euro.permit(lender.account, stranger, 400, START, v, r, s);

        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        euro.transferFrom(lender.account, acme.account, 400);
    }

    /// @dev Invariant 65: whoever submits the permit first, the allowance is there and is used once.
    function test_a_permit_works_once_whoever_submits_it() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(acme.account, 400, START);
        vm.prank(makeAddr("front runner"));
        euro.permit(lender.account, acme.account, 400, START, v, r, s);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        euro.permit(lender.account, acme.account, 400, START, v, r, s);

        vm.prank(acme.account);
        euro.transferFrom(lender.account, acme.account, 400);
        assertEq(euro.balanceOf(acme.account), 400);
        assertEq(euro.balanceOf(lender.account), 600);
        assertEq(euro.allowance(lender.account, acme.account), 0);
        assertEq(euro.nonces(lender.account), 1);
    }

    function _sign(address spender, uint256 amount, uint256 deadline)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 contents =
            keccak256(abi.encode(PERMIT, lender.account, spender, amount, euro.nonces(lender.account), deadline));
        return vm.sign(lender.key, keccak256(abi.encodePacked(hex"1901", euro.DOMAIN_SEPARATOR(), contents)));
    }
}
