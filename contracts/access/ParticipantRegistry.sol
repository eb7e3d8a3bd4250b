// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lei} from "../libraries/Lei.sol";
import {Letters} from "../libraries/Letters.sol";
import {GroupId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {Memberships} from "./Memberships.sol";
import {IParticipantRegistry} from "./interfaces/IParticipantRegistry.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The organisations of the network and the accounts that act for them.
/// @dev What an account may do is kept beside it, in one slot, because it is read on every movement; what changes an
/// organisation rewrites its accounts, of which it has thirty-two at most.
/// @dev Warning: the registrar decides which account speaks for whom, and so who controls what an account holds.
contract ParticipantRegistry is AccessManaged, IParticipantRegistry {
    uint256 private constant MOST_ACCOUNTS = 32;

    mapping(address account => Membership) private _memberships;
    mapping(OrganisationId id => Organisation) private _organisations;
    mapping(OrganisationId id => address[]) private _accounts;
    mapping(bytes20 lei => OrganisationId) private _organisationOf;
    mapping(bytes20 groupLei => GroupId) private _groupOf;
    uint24 private _organisationCount;
    uint24 private _groupCount;

    constructor(address authority) AccessManaged(authority) {}

    // Registrar: organisations

    /// @inheritdoc IParticipantRegistry
    function registerOrganisation(bytes20 lei, bytes20 groupLei, bytes2 jurisdiction, uint32 roles, uint40 kycExpiresAt)
        external
        restricted
        returns (OrganisationId id)
    {
        if (groupLei == 0) groupLei = lei;
        require(Lei.isValid(lei), LeiInvalid(lei));
        require(Lei.isValid(groupLei), LeiInvalid(groupLei));
        require(Letters.isCountry(jurisdiction), JurisdictionInvalid(jurisdiction));
        id = _organisationOf[lei];
        require(OrganisationId.unwrap(id) == 0, OrganisationExists(lei, id));
        _requireRolesKnown(roles);
        _requireKycAhead(lei, kycExpiresAt);
        _requireUltimate(lei, groupLei);
        id = OrganisationId.wrap(++_organisationCount);
        GroupId group = _groupOf[groupLei];
        if (GroupId.unwrap(group) == 0) group = _groupOf[groupLei] = GroupId.wrap(++_groupCount);
        _organisationOf[lei] = id;
        _organisations[id] = Organisation(lei, groupLei, jurisdiction, roles, kycExpiresAt, false, group);
        emit OrganisationRegistered(id, lei, groupLei, jurisdiction, roles, kycExpiresAt);
    }

    /// @inheritdoc IParticipantRegistry
    function setRoles(bytes20 lei, uint32 roles) external restricted {
        OrganisationId id = _known(lei);
        _requireRolesKnown(roles);
        _organisations[id].roles = roles;
        _rewriteAccounts(id);
        emit RolesChanged(id, roles);
    }

    /// @inheritdoc IParticipantRegistry
    function renewKyc(bytes20 lei, uint40 expiresAt) external restricted {
        OrganisationId id = _known(lei);
        _requireKycAhead(lei, expiresAt);
        _organisations[id].kycExpiresAt = expiresAt;
        _rewriteAccounts(id);
        emit KycRenewed(id, expiresAt);
    }

    /// @inheritdoc IParticipantRegistry
    function suspendOrganisation(bytes20 lei) external restricted {
        OrganisationId id = _known(lei);
        _organisations[id].suspended = true;
        _rewriteAccounts(id);
        emit OrganisationSuspended(id);
    }

    /// @inheritdoc IParticipantRegistry
    function reinstateOrganisation(bytes20 lei) external restricted {
        OrganisationId id = _known(lei);
        _organisations[id].suspended = false;
        _rewriteAccounts(id);
        emit OrganisationReinstated(id);
    }

    // Registrar: accounts

    /// @inheritdoc IParticipantRegistry
    function admitAccount(bytes20 lei, address account) external restricted {
        OrganisationId id = _known(lei);
        require(account != address(0), AccountZero());
        OrganisationId holder = _memberships[account].organisation;
        require(OrganisationId.unwrap(holder) == 0, AccountExists(account, holder));
        require(_accounts[id].length < MOST_ACCOUNTS, AccountsFull(lei, MOST_ACCOUNTS));
        _accounts[id].push(account);
        _rewriteAccount(id, account);
        emit AccountAdmitted(id, account);
    }

    /// @inheritdoc IParticipantRegistry
    function removeAccount(address account) external restricted {
        OrganisationId id = _knownAccount(account);
        // A freeze ends by being lifted, never by removing the account and admitting it again.
        require(!_memberships[account].frozen, AccountIsFrozen(account));
        address[] storage accounts = _accounts[id];
        uint256 last = accounts.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (accounts[i] == account) {
                accounts[i] = accounts[last];
                break;
            }
        }
        accounts.pop();
        delete _memberships[account];
        emit AccountRemoved(id, account);
    }

    /// @inheritdoc IParticipantRegistry
    function freezeAccount(address account) external restricted {
        _knownAccount(account);
        _memberships[account].frozen = true;
        emit AccountFrozen(account);
    }

    /// @inheritdoc IParticipantRegistry
    function unfreezeAccount(address account) external restricted {
        _knownAccount(account);
        _memberships[account].frozen = false;
        emit AccountUnfrozen(account);
    }

    // Views

    /// @inheritdoc IParticipantRegistry
    function organisation(OrganisationId id) external view returns (Organisation memory) {
        return _organisations[id];
    }

    /// @inheritdoc IParticipantRegistry
    function rolesOf(OrganisationId id) external view returns (uint32) {
        return _organisations[id].roles;
    }

    /// @inheritdoc IParticipantRegistry
    function organisationOf(bytes20 lei) external view returns (OrganisationId) {
        return _organisationOf[lei];
    }

    /// @inheritdoc IParticipantRegistry
    function accountsOf(OrganisationId id) external view returns (address[] memory) {
        return _accounts[id];
    }

    /// @inheritdoc IParticipantRegistry
    function membershipOf(address account) external view returns (Membership memory) {
        return _memberships[account];
    }

    /// @inheritdoc IParticipantRegistry
    /// @dev Assembly because each signer of a fact is looked up here: measured, 80 gas a look-up less.
    function packedMembershipOf(address account) external view returns (uint256) {
        assembly ("memory-safe") {
            // The mapping's place is hashed with the account; the word found is the answer.
            mstore(0, account)
            mstore(0x20, _memberships.slot)
            mstore(0, sload(keccak256(0, 0x40)))
            return(0, 0x20)
        }
    }

    /// @inheritdoc IParticipantRegistry
    /// @dev Assembly because all signers of a fact are looked up here: measured, 180 gas a signer besides its slot, where
    /// each would take 490 in a call of its own. An account with bits beyond an address's is nobody's.
    function packedMembershipsOf(address[] calldata accounts) external view returns (uint256[] memory) {
        (uint256 expires, uint256 stopped) = (Memberships.EXPIRES, Memberships.STOPPED);
        assembly ("memory-safe") {
            // Beyond the free memory: the list as the caller decodes it. Each word is 0 unless `Memberships.isActive`.
            let list := mload(0x40)
            let size := shl(5, accounts.length)
            mstore(list, 0x20)
            mstore(add(list, 0x20), accounts.length)
            mstore(0x20, _memberships.slot)
            let from := accounts.offset
            let to := add(list, 0x40)
            for { let end := add(to, size) } lt(to, end) { to := add(to, 0x20) } {
                mstore(0, calldataload(from))
                let its := sload(keccak256(0, 0x40))
                mstore(to, mul(its, and(gt(shr(expires, its), timestamp()), iszero(shr(stopped, its)))))
                from := add(from, 0x20)
            }
            return(list, add(size, 0x40))
        }
    }

    /// @inheritdoc IParticipantRegistry
    function isAdmitted(address account) external view returns (bool) {
        return Memberships.isActive(_packed(account));
    }

    /// @inheritdoc IParticipantRegistry
    function requireAdmitted(address first, address second) external view {
        if (!Memberships.isActive(_packed(first))) _refuse(first, _memberships[first]);
        if (second != first && !Memberships.isActive(_packed(second))) _refuse(second, _memberships[second]);
    }

    /// @inheritdoc IParticipantRegistry
    function requireRole(address account, uint32 anyOfRoles) external view returns (Membership memory member) {
        member = _memberships[account];
        if (!Memberships.isActive(_packed(account))) _refuse(account, member);
        require(member.roles & anyOfRoles != 0, RoleMissing(account, member.roles, anyOfRoles));
    }

    // Internals

    /// @dev Assembly because the slot is the answer: it holds the fields in just this order. Measured, 900 gas less where
    /// cash moves between two accounts.
    function _packed(address account) private view returns (uint256 packed) {
        Membership storage member = _memberships[account];
        assembly ("memory-safe") {
            packed := sload(member.slot)
        }
    }

    /// @dev Of an account that may not act; says why.
    function _refuse(address account, Membership memory member) private view {
        require(OrganisationId.unwrap(member.organisation) != 0, NotAdmitted(account));
        require(!member.frozen, AccountIsFrozen(account));
        require(!member.suspended, OrganisationIsSuspended(account, member.organisation));
        revert KycExpired(account, member.expiresAt, block.timestamp);
    }

    function _known(bytes20 lei) private view returns (OrganisationId id) {
        id = _organisationOf[lei];
        require(OrganisationId.unwrap(id) != 0, OrganisationUnknown(lei));
    }

    function _knownAccount(address account) private view returns (OrganisationId id) {
        id = _memberships[account].organisation;
        require(OrganisationId.unwrap(id) != 0, AccountUnknown(account));
    }

    function _requireRolesKnown(uint32 roles) private pure {
        require(roles & ~Roles.ALL == 0, RolesUnknown(roles, Roles.ALL));
    }

    function _requireKycAhead(bytes20 lei, uint40 expiresAt) private view {
        require(expiresAt > block.timestamp, KycInPast(lei, expiresAt, block.timestamp));
    }

    /// @dev A parent that has a parent of its own would split a group in two, and its halves could vouch for each other.
    function _requireUltimate(bytes20 lei, bytes20 groupLei) private view {
        bytes20 groupOfParent = _organisations[_organisationOf[groupLei]].groupLei;
        require(groupOfParent == 0 || groupOfParent == groupLei, ParentNotUltimate(groupLei, groupOfParent));
        bool isParent = GroupId.unwrap(_groupOf[lei]) != 0;
        require(!isParent || groupLei == lei, ParentNotUltimate(lei, groupLei));
    }

    function _rewriteAccounts(OrganisationId id) private {
        address[] memory accounts = _accounts[id];
        for (uint256 i = 0; i < accounts.length; ++i) {
            _rewriteAccount(id, accounts[i]);
        }
    }

    /// @dev The freeze is the account's own and outlives every change of its organisation.
    function _rewriteAccount(OrganisationId id, address account) private {
        Organisation storage its = _organisations[id];
        bool frozen = _memberships[account].frozen;
        _memberships[account] = Membership(id, its.group, its.roles, its.kycExpiresAt, its.suspended, frozen);
    }
}
