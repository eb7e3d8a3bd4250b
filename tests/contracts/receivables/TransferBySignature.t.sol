// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";
import {SmartAccount} from "../support/SmartAccount.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @dev Invariant 33: replay, cross-deal, cross-chain, cross-contract and expired all revert.
contract TransferBySignature is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    uint256 private constant DEADLINE = START + 1 days;
    IReceivableToken.Transfer private _said;

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
        _said = IReceivableToken.Transfer(INVOICE, acme.account, lender.account, 1000, 0, DEADLINE);
    }

    function test_after_the_deadline_is_refused() public {
        bytes memory signature = _sign(acme.key);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReceivableToken.SignatureExpired.selector, INVOICE, DEADLINE, DEADLINE + 1)
        );
        receivables.transferBySignature(_said, signature);
    }

    function testFuzz_anything_else_than_signed_is_refused(uint8 field) public {
        bytes memory signature = _sign(acme.key);
        field = field % 6;
        if (field == 0) _said.id = ReceivableId.wrap(2);
        if (field == 1) _said.from = carrier.account;
        if (field == 2) _said.to = carrier.account;
        if (field == 3) ++_said.units;
        if (field == 4) ++_said.nonce;
        if (field == 5) ++_said.deadline;
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, _said.id, _said.from));
        receivables.transferBySignature(_said, signature);
    }

    function test_on_another_chain_or_contract_is_refused() public {
        bytes32 foreign = _newReceivables().transferDigest(_said);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(acme.key, foreign);
        _refusedAsInvalid(abi.encodePacked(r, s, v));
        bytes memory signature = _sign(acme.key);
        vm.chainId(block.chainid + 1);
        _refusedAsInvalid(signature);
    }

    function test_by_the_receivers_key_is_refused() public {
        _refusedAsInvalid(_sign(lender.key));
    }

    function test_a_second_time_is_refused() public {
        bytes memory signature = _sign(acme.key);
        receivables.transferBySignature(_said, signature);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 1));
        receivables.transferBySignature(_said, signature);
    }

    function test_a_voided_signature_is_refused() public {
        bytes memory signature = _sign(acme.key);
        vm.prank(acme.account);
        receivables.voidNextSignature();
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, acme.account, 1));
        receivables.transferBySignature(_said, signature);
    }

    function test_the_rules_of_circulation_hold_all_the_same() public {
        receivables.setCirculationRules(ICirculation.CirculationRules(365, 184, 1, 10, 1, 0));
        bytes memory signature = _sign(acme.key);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierTooDeep.selector, INVOICE, 2, 1));
        receivables.transferBySignature(_said, signature);
        assertEq(receivables.nonces(acme.account), 0);
    }

    /// @dev Nobody but the receiver agrees by handing it in.
    function test_up_the_chain_takes_the_receiver_to_hand_it_in() public {
        receivables.transferBySignature(_said, _sign(acme.key));
        _said = IReceivableToken.Transfer(INVOICE, lender.account, acme.account, 500, 0, DEADLINE);
        bytes memory signature = _sign(lender.key);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierRaiseNotAgreed.selector, INVOICE, acme.account, 1, 3));
        receivables.transferBySignature(_said, signature);
        vm.prank(acme.account);
        receivables.transferBySignature(_said, signature);
        assertEq(receivables.holding(INVOICE, acme.account).tier, 3);
    }

    function test_to_nobody_is_refused() public {
        _said.to = address(0);
        bytes memory signature = _sign(acme.key);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, address(0)));
        receivables.transferBySignature(_said, signature);
    }

    function test_the_event_names_nobody_but_the_two() public {
        bytes memory signature = _sign(acme.key);
        vm.expectEmit(address(receivables));
        emit IERC1155.TransferSingle(acme.account, acme.account, lender.account, ID, 1000);
        vm.prank(makeAddr("relay"));
        receivables.transferBySignature(_said, signature);
        assertEq(receivables.balanceOf(lender.account, ID), 1000);
        assertEq(receivables.nonces(acme.account), 1);
    }

    /// @dev The digest is built here from the standard's text.
    function test_a_smart_account_signs_and_anyone_relays() public {
        SmartAccount wallet = new SmartAccount(acme.account);
        registry.admitAccount(acme.lei, address(wallet));
        address holder = address(wallet);
        vm.mockCall(
            holder,
            abi.encodeWithSelector(IERC1155Receiver.onERC1155Received.selector),
            abi.encode(IERC1155Receiver.onERC1155Received.selector)
        );
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, holder, ID, 5000, "");
        IReceivableToken.Transfer memory out =
            IReceivableToken.Transfer(INVOICE, holder, lender.account, 5000, 0, DEADLINE);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Portolan ReceivableToken"),
                keccak256("1"),
                block.chainid,
                address(receivables)
            )
        );
        bytes32 contents = keccak256(
            abi.encode(
                keccak256("Transfer(uint256 id,address from,address to,uint256 units,uint256 nonce,uint256 deadline)"),
                ID,
                holder,
                lender.account,
                5000,
                0,
                DEADLINE
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, contents));
        assertEq(receivables.transferDigest(out), digest);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(acme.key, digest);
        receivables.transferBySignature(out, abi.encodePacked(r, s, v));
        assertEq(receivables.balanceOf(lender.account, ID), 5000);
    }

    function _sign(uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, receivables.transferDigest(_said));
        return abi.encodePacked(r, s, v);
    }

    function _refusedAsInvalid(bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, INVOICE, acme.account));
        receivables.transferBySignature(_said, signature);
    }
}
