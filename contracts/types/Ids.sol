// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Index of an organisation in the ParticipantRegistry; 0 is nobody.
type OrganisationId is uint24;

/// @notice Index of a group of organisations under one parent; 0 is nobody.
type GroupId is uint24;

/// @notice The keyed fingerprint of an invoice (HMAC-SHA256), used as the ERC-1155 id; 0 is no receivable.
type ReceivableId is uint256;

/// @notice The keyed fingerprint of a purchase order (HMAC-SHA256); 0 is no order.
type OrderId is uint256;

/// @notice The keyed fingerprint of a lot of goods in a warehouse (HMAC-SHA256), or what was derived from one when a lot
/// was split; used as the ERC-1155 id; 0 is no lot.
type LotId is uint256;

/// @notice Serial number of a facility, from 1.
type FacilityId is uint64;

/// @notice Serial number of a financing, from 1.
type FinancingId is uint64;

/// @notice Serial number of an insurance policy, from 1.
type PolicyId is uint64;

function equalOrganisation(OrganisationId a, OrganisationId b) pure returns (bool) {
    return OrganisationId.unwrap(a) == OrganisationId.unwrap(b);
}

function equalGroup(GroupId a, GroupId b) pure returns (bool) {
    return GroupId.unwrap(a) == GroupId.unwrap(b);
}

using {equalOrganisation as ==} for OrganisationId global;
using {equalGroup as ==} for GroupId global;
