// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {GroupId, OrganisationId} from "../../../../contracts/types/Ids.sol";

/// @title Who belongs where, as the test says.
contract RegistryDouble {
    mapping(address => IParticipantRegistry.Membership) private _memberships;
    mapping(OrganisationId => IParticipantRegistry.Organisation) private _organisations;

    function setAccount(address account, OrganisationId organisation_, GroupId group) external {
        _memberships[account].organisation = organisation_;
        _memberships[account].group = group;
    }

    function setJurisdiction(OrganisationId organisation_, bytes2 jurisdiction) external {
        _organisations[organisation_].jurisdiction = jurisdiction;
    }

    function membershipOf(address account) external view returns (IParticipantRegistry.Membership memory) {
        return _memberships[account];
    }

    function organisation(OrganisationId id) external view returns (IParticipantRegistry.Organisation memory) {
        return _organisations[id];
    }
}
