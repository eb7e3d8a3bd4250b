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

    /// @notice An organisation was admitted; terms as in `Organisation`, expiry in Unix seconds.
    event OrganisationRegistered(
        OrganisationId indexed organisation,
        bytes20 lei,
        bytes20 groupLei,
        bytes2 jurisdiction,
        uint32 roles,
        uint40 kycExpiresAt
    );
    /// @param roles all that it holds from now on, bits of `Roles`
    event RolesChanged(OrganisationId indexed organisation, uint32 roles);
    /// @param expiresAt Unix seconds from which the organisation may no longer act
    event KycRenewed(OrganisationId indexed organisation, uint40 expiresAt);
    /// @notice None of the organisation's accounts may act until it is reinstated.
    event OrganisationSuspended(OrganisationId indexed organisation);
    /// @notice A suspension ended.
    event OrganisationReinstated(OrganisationId indexed organisation);
    /// @notice The account acts for the organisation from now on.
    event AccountAdmitted(OrganisationId indexed organisation, address indexed account);
    /// @notice The account acts for nobody any more.
    event AccountRemoved(OrganisationId indexed organisation, address indexed account);
    /// @notice The account may neither act nor receive until it is unfrozen.
    event AccountFrozen(address indexed account);
    /// @notice A freeze ended.
    event AccountUnfrozen(address indexed account);

    /// @notice The characters or the check digits (ISO 7064 mod 97-10) are wrong.
    error LeiInvalid(bytes20 lei);
    /// @notice Not two capital letters.
    error JurisdictionInvalid(bytes2 jurisdiction);
    /// @notice `roles` has bits outside `known`, the roles that there are.
    error RolesUnknown(uint32 roles, uint32 known);
    /// @notice The LEI is already registered, as `organisation`.
    error OrganisationExists(bytes20 lei, OrganisationId organisation);
    /// @notice No organisation is registered under this LEI.
    error OrganisationUnknown(bytes20 lei);
    /// @notice A group is named by its ultimate parent, so that two affiliates can never look like strangers.
    /// @param itsGroupLei the parent that `parentLei` itself has or would get
    error ParentNotUltimate(bytes20 parentLei, bytes20 itsGroupLei);
    /// @notice The account already acts for `organisation`; one account acts for one.
    error AccountExists(address account, OrganisationId organisation);
    /// @notice The account to be changed acts for no organisation.
    error AccountUnknown(address account);
    /// @notice The organisation already has `most` accounts.
    error AccountsFull(bytes20 lei, uint256 most);
    /// @notice The zero address cannot be admitted.
    error AccountZero();
    /// @notice The expiry is not after the block's time; both in Unix seconds.
    error KycInPast(bytes20 lei, uint40 expiresAt, uint256 now_);
    /// @notice The account belongs to nobody here.
    error NotAdmitted(address account);
    /// @notice The account may not act because its organisation is suspended.
    error OrganisationIsSuspended(address account, OrganisationId organisation);
    /// @notice The account is frozen: it may neither act nor be removed.
    error AccountIsFrozen(address account);
    /// @notice The organisation's due diligence ended at or before the block's time; both in Unix seconds.
    error KycExpired(address account, uint40 expiredAt, uint256 now_);
    /// @notice The organisation's roles (`held`) include none of those that would do (`needed`); bits of `Roles`.
    error RoleMissing(address account, uint32 held, uint32 needed);

    /// @notice Admits an organisation. Registrar only. Checks the LEI's check digits (ISO 7064 mod 97-10).
    /// @param groupLei zero where the organisation is its own parent
    /// @param jurisdiction ISO 3166-1 alpha-2 code
    /// @param roles bits of `Roles`
    /// @param kycExpiresAt Unix seconds, after now
    /// @return number of the new organisation
    function registerOrganisation(bytes20 lei, bytes20 groupLei, bytes2 jurisdiction, uint32 roles, uint40 kycExpiresAt)
        external
        returns (OrganisationId);

    /// @notice Replaces all roles of an organisation. Registrar only.
    /// @param roles bits of `Roles`
    function setRoles(bytes20 lei, uint32 roles) external;
    /// @notice Sets until when an organisation may act. Registrar only.
    /// @param expiresAt Unix seconds, after now
    function renewKyc(bytes20 lei, uint40 expiresAt) external;
    /// @notice Stops all accounts of an organisation. Registrar only.
    function suspendOrganisation(bytes20 lei) external;
    /// @notice Ends a suspension. Registrar only.
    function reinstateOrganisation(bytes20 lei) external;
    /// @notice Lets an account, which acts for nobody yet, act for an organisation. Registrar only.
    function admitAccount(bytes20 lei, address account) external;
    /// @notice Takes an account from its organisation; not while it is frozen. Registrar only.
    function removeAccount(address account) external;
    /// @notice Stops one account. Registrar only.
    function freezeAccount(address account) external;
    /// @notice Ends an account's freeze. Registrar only.
    function unfreezeAccount(address account) external;

    /// @return the record of an organisation; all zero where there is none
    function organisation(OrganisationId id) external view returns (Organisation memory);
    /// @return bits of `Roles` that the organisation has; 0 for one that is not registered
    function rolesOf(OrganisationId id) external view returns (uint32);
    /// @return the organisation's number; zero where the LEI is not registered
    function organisationOf(bytes20 lei) external view returns (OrganisationId);
    /// @return the accounts that act for the organisation, in no particular order
    function accountsOf(OrganisationId id) external view returns (address[] memory);

    /// @return what is known of an account, unchecked: the caller decides what an expiry or a freeze means
    function membershipOf(address account) external view returns (Membership memory);

    /// @notice The same for contracts that look up many: a quarter less gas.
    /// @return its fields in their order from the lowest bit up: 24, 24, 32, 40, 8 and 8 bits
    function packedMembershipOf(address account) external view returns (uint256);

    /// @notice The same of several accounts, for contracts that count only who may act now.
    /// @return memberships one a given account, in their order; 0 for one that is not admitted
    function packedMembershipsOf(address[] calldata accounts) external view returns (uint256[] memory memberships);

    /// @return whether the account may act now: known, not frozen, its organisation neither suspended nor expired
    function isAdmitted(address account) external view returns (bool);

    /// @notice Reverts with the reason unless both accounts may act now. One call for the two sides of a transfer.
    function requireAdmitted(address first, address second) external view;

    /// @notice Reverts with the reason unless the account may act now and holds at least one of the roles.
    function requireRole(address account, uint32 anyOfRoles) external view returns (Membership memory);
}
