// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBatchCalls} from "../libraries/BatchCalls.sol";
import {Parts} from "../libraries/Parts.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";

/// @title The token's functions that are seldom called and whose code lies in two contracts of their own. They run on
/// the token's storage, with its caller and its guard; the addresses are fixed when the token is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract ReceivableParts is IReceivableToken, Parts, IBatchCalls {
    address internal immutable _offices;
    address private immutable _workouts;

    constructor(address offices, address workouts) {
        require(offices.code.length != 0, PartHasNoCode(offices));
        require(workouts.code.length != 0, PartHasNoCode(workouts));
        _offices = offices;
        _workouts = workouts;
    }

    // Offices

    /// @inheritdoc ICirculation
    function listCurrency(ICashToken) external returns (uint8) {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function listCustodian(address) external returns (uint8) {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function setCirculationRules(CirculationRules calldata) external {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function stop(Stoppable) external {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function resume(Stoppable) external {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function reserve(ReceivableId, address, uint40) external {
        _run(_offices);
    }

    /// @inheritdoc ICirculation
    function endReservation(ReceivableId, address) external {
        _run(_offices);
    }

    /// @inheritdoc IReceivableToken
    function setDisputes(address) external {
        _run(_offices);
    }

    /// @inheritdoc IReceivableToken
    function payWithPermit(ReceivableId, uint256, uint256, uint8, bytes32, bytes32) external returns (uint256) {
        _run(_offices);
    }

    /// @inheritdoc IBatchCalls
    function batch(bytes[] calldata) external returns (Outcome[] memory) {
        _run(_offices);
    }

    // Workouts

    /// @inheritdoc IReceivableToken
    function acceptBySignature(Acceptance calldata, address, uint256, bytes calldata) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function transferBySignature(Transfer calldata, bytes calldata) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function voidNextSignature() external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function cancel(ReceivableId) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function consentToCancellation(ReceivableId, bool) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function cancelByConsent(ReceivableId) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function cancelBySignature(ReceivableId, address, uint256, bytes calldata) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function markDefaulted(ReceivableId) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function dilute(ReceivableId, uint256) external {
        _run(_workouts);
    }

    /// @inheritdoc IReceivableToken
    function recordDispute(ReceivableId, uint256) external {
        _run(_workouts);
    }
}
