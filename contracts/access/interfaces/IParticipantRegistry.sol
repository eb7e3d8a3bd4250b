// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId, OrganisationId} from "../../types/Ids.sol";

/// @title Who may act, in which role. Denies by default: unset, expired, suspended and frozen are all "no".
interface IParticipantRegistry {
    /// @param lei ISO 17442 legal entity identifier, its 20 characters
    /// @param groupLei LEI of the ultimate parent; the organisation's own where it has none
    /// @param jurisdiction ISO 3166-1 alpha-2 code
    /// @param roles bits of `Roles`
    /// @param kycExpiresAt moment (Unix seconds) from which the organisation may no longer act
    struct Organisation {
        bytes20 lei;
        bytes20 groupLei;
        bytes2 jurisdiction;
        uint32 roles;
        uint40 kycExpiresAt;
        bool suspended;
        GroupId group;
    }

    /// @notice What a look-up of an account costs one storage read for.
    struct Membership {
        OrganisationId organisation;
        GroupId group;
        uint32 roles;
        uint40 expiresAt;
        bool suspended;
        bool frozen;
    }

    event OrganisationRegistered(
        OrganisationId indexed organisation,
        bytes20 lei,
        bytes20 groupLei,
        bytes2 jurisdiction,
        uint32 roles,
        uint40 kycExpiresAt
    );
    event RolesChanged(OrganisationId indexed organisation, uint32 roles);
    event KycRenewed(OrganisationId indexed organisation, uint40 expiresAt);
    event OrganisationSuspended(OrganisationId indexed organisation);
    event OrganisationReinstated(OrganisationId indexed organisation);
    event AccountAdmitted(OrganisationId indexed organisation, address indexed account);
    event AccountRemoved(OrganisationId indexed organisation, address indexed account);
    event AccountFrozen(address indexed account);
    event AccountUnfrozen(address indexed account);

    error LeiInvalid(bytes20 lei);
    error JurisdictionInvalid(bytes2 jurisdiction);
    error RolesUnknown(uint32 roles, uint32 known);
    error OrganisationExists(bytes20 lei, OrganisationId organisation);
    error OrganisationUnknown(bytes20 lei);
    /// @notice A group is named by its ultimate parent, so that two affiliates can never look like strangers.
    error ParentNotUltimate(bytes20 parentLei, bytes20 itsGroupLei);
    error AccountExists(address account, OrganisationId organisation);
    error AccountUnknown(address account);
    error AccountsFull(bytes20 lei, uint256 most);
    error AccountZero();
    error KycInPast(bytes20 lei, uint40 expiresAt, uint256 now_);
    /// @notice The account belongs to nobody here.
    error NotAdmitted(address account);
    error OrganisationIsSuspended(address account, OrganisationId organisation);
    error AccountIsFrozen(address account);
    error KycExpired(address account, uint40 expiredAt, uint256 now_);
    error RoleMissing(address account, uint32 held, uint32 needed);

    /// @notice Admits an organisation. Registrar only. Checks the LEI's check digits (ISO 7064 mod 97-10).
    /// @param groupLei zero where the organisation is its own parent
    function registerOrganisation(bytes20 lei, bytes20 groupLei, bytes2 jurisdiction, uint32 roles, uint40 kycExpiresAt)
        external
        returns (OrganisationId);

    function setRoles(bytes20 lei, uint32 roles) external;
    function renewKyc(bytes20 lei, uint40 expiresAt) external;
    function suspendOrganisation(bytes20 lei) external;
    function reinstateOrganisation(bytes20 lei) external;
    function admitAccount(bytes20 lei, address account) external;
    function removeAccount(address account) external;
    function freezeAccount(address account) external;
    function unfreezeAccount(address account) external;

    /// @return the record of an organisation; all zero where there is none
    function organisation(OrganisationId id) external view returns (Organisation memory);
    function organisationOf(bytes20 lei) external view returns (OrganisationId);
    function accountsOf(OrganisationId id) external view returns (address[] memory);

    /// @return what is known of an account, unchecked: the caller decides what an expiry or a freeze means
    function membershipOf(address account) external view returns (Membership memory);

    /// @return whether the account may act now: known, not frozen, its organisation neither suspended nor expired
    function isAdmitted(address account) external view returns (bool);

    /// @notice Reverts with the reason unless both accounts may act now. One call for the two sides of a transfer.
    function requireAdmitted(address first, address second) external view;

    /// @notice Reverts with the reason unless the account may act now and holds at least one of the roles.
    function requireRole(address account, uint32 anyOfRoles) external view returns (Membership memory);
}
