// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {LotId, OrganisationId} from "../types/Ids.sol";
import {LotBook} from "./LotBook.sol";
import {LotParts} from "./LotParts.sol";
import {LotTitles} from "./LotTitles.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @title Goods in warehouses: minted on an attested entry, owned and held by different hands, gone on an attested
/// exit.
contract WarehouseReceiptToken is LotTitles, LotParts {
    /// @param intake a `LotIntake`, for this registry and this oracle
    /// @param releases a `LotReleases`, for the same two
    constructor(
        IParticipantRegistry registry,
        IMilestoneOracle oracle,
        address intake,
        address releases,
        address authority
    ) LotBook(registry, oracle, authority) ERC1155("") LotParts(intake, releases) {}

    // Views: lots

    /// @inheritdoc ILots
    function goods(LotId id) external view returns (Goods memory) {
        return _goods[id];
    }

    /// @inheritdoc ILots
    function stock(LotId id) external view returns (Stock memory) {
        return _stocks[id];
    }

    /// @inheritdoc ILots
    function subjectOf(LotId id) external view returns (bytes32) {
        return _subjectOf[id];
    }

    /// @inheritdoc ILots
    function compare(LotId one, LotId other)
        external
        view
        returns (bytes32 subject, bytes32 otherSubject, bytes8 commodity, bool alike)
    {
        (Goods storage its, Goods storage others) = (_goods[one], _goods[other]);
        (subject, otherSubject, commodity) = (_subjectOf[one], _subjectOf[other], its.commodity);
        alike = commodity == others.commodity && its.unit == others.unit;
    }

    /// @inheritdoc ILots
    function lotOf(bytes32 identifier) external view returns (LotId id) {
        id = _lotOfIdentifier[identifier];
        if (_stocks[id].state != State.Live) id = LotId.wrap(0);
    }

    /// @inheritdoc ILots
    function lotOfEntry(bytes32 subject, uint32 sequence) external view returns (LotId) {
        return _lotOfEntry[subject][sequence];
    }

    /// @inheritdoc ILots
    function announcedBy(bytes32 digest) external view returns (address) {
        return _announcements[digest];
    }

    /// @inheritdoc ILots
    function entryDigest(Entry calldata entry) external pure returns (bytes32) {
        return keccak256(abi.encode(entry));
    }

    /// @inheritdoc ILots
    function isEngaged(OrganisationId owner, OrganisationId operator) external view returns (bool) {
        return _isEngaged[owner][operator];
    }

    /// @inheritdoc ILots
    function isGrader(address grader) external view returns (bool) {
        return _isGrader[grader];
    }

    /// @inheritdoc ILots
    function isStopped(Stoppable what) external view returns (bool) {
        return _stopped & _bitOf(what) != 0;
    }

    /// @inheritdoc ILots
    function custodianAt(uint8 index) external view returns (address) {
        return _custodianAt[index];
    }

    // Views: rights

    /// @inheritdoc IGoodsRights
    function position(LotId id, address beneficiary) external view returns (Position memory) {
        return _positions[id][beneficiary];
    }

    /// @inheritdoc IGoodsRights
    function titleOf(LotId id, address beneficiary) external view returns (uint256) {
        return _titleOf(_positions[id][beneficiary]);
    }

    /// @inheritdoc IGoodsRights
    /// @dev Who owns something of a lot owns it of a live one: the third slot is read only for the others.
    function appraisalOf(LotId id, address beneficiary) external view returns (Appraisal memory) {
        Goods memory its = _goods[id];
        Position memory owned = _positions[id][beneficiary];
        return Appraisal(
            _titleOf(owned) == 0 ? _stocks[id].state : State.Live,
            its.commodity,
            its.unit,
            its.place,
            its.operator,
            its.enteredAt,
            its.expiryDate,
            its.condition,
            owned.free,
            owned.pledged
        );
    }

    /// @inheritdoc IGoodsRights
    function hasPowerOfSale(address beneficiary, address custodian) external view returns (bool) {
        return _powersOfSale[beneficiary][custodian];
    }

    /// @inheritdoc IGoodsRights
    function orderOfExit(bytes32 subject, uint32 sequence) external view returns (bytes32) {
        return _orderOfExit[subject][sequence];
    }

    /// @inheritdoc IGoodsRights
    function isApprovedDigest(address account, bytes32 digest) external view returns (bool) {
        return _approvedDigests[account][digest];
    }

    // Internals

    function _titleOf(Position memory its) private pure returns (uint256) {
        return uint256(its.free) + its.pledged + its.freeAside + its.pledgedAside;
    }
}
