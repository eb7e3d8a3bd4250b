// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of accounts in a batch, where one signer's contract must not be able to spoil the others' votes.
library Signatures {
    /// @dev Gas that a signing contract may use, so that one that burns everything takes little of the batch.
    uint256 internal constant CONTRACT_GAS = 150_000;

    /// @return whether `signer` signed the digest: by its key (65 bytes, low s), or by its own word (ERC-1271)
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0 && isValidForContract(signer, digest, signature);
    }

    function isValidForContract(address signer, bytes32 digest, bytes calldata signature)
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
