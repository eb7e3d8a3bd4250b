// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId} from "../types/Ids.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";

/// @title Reads for whom an account acts, and asks the registry for it: the fields of `IParticipantRegistry.Membership`
/// in one word, from the lowest bit up, as they lie in their slot.
library Memberships {
    uint256 private constant GROUP = 24;
    uint256 private constant EXPIRES = 80;
    uint256 private constant STOPPED = 120;

    /// @dev Assembly because question and answer are one word each and need no memory of their own: measured, 190 gas a
    /// signer less. The registry's own reason goes on to the caller where it reverts.
    function lookUp(IParticipantRegistry registry, address account) internal view returns (uint256 membership) {
        bytes4 question = IParticipantRegistry.packedMembershipOf.selector;
        assembly ("memory-safe") {
            mstore(0, question)
            mstore(4, account)
            let answered := staticcall(gas(), registry, 0, 0x24, 0, 0x20)
            if iszero(and(answered, gt(returndatasize(), 0x1f))) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
            membership := mload(0)
        }
    }

    /// @return group for which the account acts; 0 for nobody
    function groupOf(uint256 membership) internal pure returns (GroupId) {
        // The cast keeps the bits of its own.
        return GroupId.wrap(uint24(membership >> GROUP));
    }

    /// @return whether the account is an organisation's, neither frozen nor suspended, and its KYC has not expired. One
    /// that is nobody's has no date, and whatever lies beyond the date stops the account
    function isActive(uint256 membership) internal view returns (bool) {
        return membership >> STOPPED == 0 && membership >> EXPIRES > block.timestamp;
    }
}
