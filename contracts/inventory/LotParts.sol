// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parts} from "../libraries/Parts.sol";
import {LotId, OrganisationId} from "../types/Ids.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {IWarehouseReceiptToken} from "./interfaces/IWarehouseReceiptToken.sol";

/// @title The token's functions that do not move what is held or owned, whose code lies in two contracts of their own.
/// They run on the token's storage, with its caller; the addresses are fixed when the token is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract LotParts is IWarehouseReceiptToken, Parts {
    address private immutable _intake;
    address private immutable _releases;

    constructor(address intake, address releases) {
        require(intake.code.length != 0, PartHasNoCode(intake));
        require(releases.code.length != 0, PartHasNoCode(releases));
        (_intake, _releases) = (intake, releases);
    }

    // Offices

    /// @inheritdoc ILots
    function listCustodian(address) external returns (uint8) {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function listGrader(address, bool) external {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function stop(Stoppable) external {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function resume(Stoppable) external {
        _run(_intake);
    }

    // Lots

    /// @inheritdoc ILots
    function engageOperator(OrganisationId, bool) external {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function announce(Entry calldata) external returns (bytes32) {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function withdrawAnnouncement(Entry calldata) external {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function mint(Entry calldata) external returns (uint256) {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function split(LotId, bytes32[] calldata, uint256) external returns (LotId) {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function merge(LotId, LotId, bytes32[] calldata) external {
        _run(_intake);
    }

    /// @inheritdoc ILots
    function lowerCondition(LotId, uint8) external {
        _run(_intake);
    }

    // Releases

    /// @inheritdoc IGoodsRights
    function orderRelease(ReleaseOrder calldata, bytes calldata, bytes calldata) external {
        _run(_releases);
    }

    /// @inheritdoc IGoodsRights
    function confirmRelease(ReleaseOrder calldata) external {
        _run(_releases);
    }

    /// @inheritdoc IGoodsRights
    function lapseRelease(ReleaseOrder calldata) external {
        _run(_releases);
    }

    /// @inheritdoc IGoodsRights
    function declineRelease(ReleaseOrder calldata) external {
        _run(_releases);
    }
}
