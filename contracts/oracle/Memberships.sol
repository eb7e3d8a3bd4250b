// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";

/// @title Asks the registry for whom an account acts.
library Memberships {
    uint256 private constant GROUP = 24;
    uint256 private constant ROLES = 48;
    uint256 private constant EXPIRES = 80;
    uint256 private constant STOPPED = 120;

    /// @dev The answer is read out of its one word, and only as far as asked for.
    /// @return organisation 0 for nobody
    /// @return group 0 for nobody
    /// @return roles bits of `Roles`
    /// @return active known, not frozen, its organisation neither suspended nor expired
    function lookUp(IParticipantRegistry registry, address account)
        internal
        view
        returns (OrganisationId organisation, GroupId group, uint32 roles, bool active)
    {
        uint256 word = registry.packedMembershipOf(account);
        // Each cast keeps the bits of its own field; whatever lies beyond them stops the account.
        organisation = OrganisationId.wrap(uint24(word));
        group = GroupId.wrap(uint24(word >> GROUP));
        roles = uint32(word >> ROLES);
        active = OrganisationId.unwrap(organisation) != 0 && word >> STOPPED == 0
            && uint40(word >> EXPIRES) > block.timestamp;
    }
}
