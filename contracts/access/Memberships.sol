// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId, OrganisationId} from "../types/Ids.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";

/// @title Reads for whom an account acts, and asks the registry for it: the fields of `IParticipantRegistry.Membership`
/// in one word, from the lowest bit up, as they lie in their slot.
library Memberships {
    uint256 private constant GROUP = 24;
    uint256 internal constant EXPIRES = 80;
    uint256 internal constant STOPPED = 120;

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

    /// @return accounts a list of so many words, not written yet, that `lookUpAll` can put the answer into
    function roomFor(uint256 count) internal pure returns (uint256[] memory accounts) {
        uint256 question = uint32(IParticipantRegistry.packedMembershipsOf.selector);
        assembly ("memory-safe") {
            // The question as it is asked: its selector, where its list begins, and the list.
            let message := mload(0x40)
            mstore(message, question)
            mstore(add(message, 0x20), 0x20)
            accounts := add(message, 0x40)
            mstore(accounts, count)
            mstore(0x40, add(add(accounts, 0x20), shl(5, count)))
        }
    }

    /// @notice Puts what the registry knows of each account in its place: 0 for one that may not act.
    /// @dev Assembly because question and answer are the same words: measured, 500 gas less for
    /// each signer but the first.
    /// @param accounts as `roomFor` has made it
    function lookUpAll(IParticipantRegistry registry, uint256[] memory accounts) internal view {
        assembly ("memory-safe") {
            let size := add(0x40, shl(5, mload(accounts)))
            let answer := sub(accounts, 0x20)
            let answered := staticcall(gas(), registry, sub(accounts, 0x24), add(size, 4), answer, size)
            if iszero(and(answered, eq(returndatasize(), size))) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
    }

    /// @return organisation for which the account acts; 0 for nobody
    function organisationOf(uint256 membership) internal pure returns (OrganisationId) {
        // The cast keeps the bits of its own.
        return OrganisationId.wrap(uint24(membership));
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
