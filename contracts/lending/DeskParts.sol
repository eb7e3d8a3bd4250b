// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parts} from "../libraries/Parts.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IDrawPurposes} from "./interfaces/IDrawPurposes.sol";
import {IFinancingCover} from "./interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title The desk's functions that are seldom called, or only read, and whose code lies in three contracts of their own.
/// They run on the desk's storage, with its caller and its guard; the addresses are fixed when the desk is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract DeskParts is IFinancingDesk, Parts {
    address private immutable _openings;
    address private immutable _workouts;
    address private immutable _handovers;

    constructor(address openings, address workouts, address handovers) {
        require(openings.code.length != 0, PartHasNoCode(openings));
        require(workouts.code.length != 0, PartHasNoCode(workouts));
        require(handovers.code.length != 0, PartHasNoCode(handovers));
        (_openings, _workouts, _handovers) = (openings, workouts, handovers);
    }

    // Offices

    /// @inheritdoc IFinancingDesk
    function listPool(IFundingSource, bool) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function listCollateral(ICollateral, bool) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setServicing(address) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setApplications(address) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setCover(IFinancingCover) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setPurposes(IDrawPurposes) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function stop(Stoppable) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function resume(Stoppable) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function openFacility(FacilityTerms calldata) external returns (FacilityId) {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setLadder(FacilityId, ICollateral, ICollateral.Step[] calldata) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setLimit(FacilityId, uint256) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function setExpiry(FacilityId, uint256) external {
        _run(_openings);
    }

    // Openings

    /// @inheritdoc IFinancingDesk
    /// @dev What the base already allows is drawn at once, here: draws are the desk's own.
    function openFinancing(FacilityId, ICollateral, uint256, uint256, bytes32) external returns (FinancingId) {
        return _openAndDraw();
    }

    /// @inheritdoc IFinancingDesk
    function openFinancingFor(address, FacilityId, ICollateral, uint256, uint256, bytes32)
        external
        returns (FinancingId)
    {
        return _openAndDraw();
    }

    /// @inheritdoc IFinancingDesk
    function release(FinancingId) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function moveFacility(FacilityId, address) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function payCommitmentFee(FacilityId) external returns (uint256) {
        _run(_openings);
    }

    // Handovers

    /// @inheritdoc IFinancingDesk
    function handOver(FinancingId, ICollateral, uint256, uint256, bytes32, address) external {
        _run(_handovers);
    }

    // Workouts

    /// @inheritdoc IFinancingDesk
    function setImpairment(FinancingId, uint256) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function writeOff(FinancingId, uint256) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function declareDefault(FinancingId, uint256) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function reschedule(FinancingId, uint16) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function refinance(FinancingId, FacilityId) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function openRecourse(FinancingId) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function closeRecourse(FinancingId) external {
        _run(_workouts);
    }

    /// @inheritdoc IFinancingDesk
    function markCovered(FinancingId, bool) external {
        _run(_workouts);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function facility(FacilityId) external view returns (Facility memory) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function financing(FinancingId) external view returns (Financing memory) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function earlierCollateral(FinancingId) external view returns (ICollateral[] memory) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function owedInAll(FinancingId) external view returns (uint256) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function availability(FinancingId) external view returns (uint256, uint256) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function maturityOf(FinancingId) external view returns (uint256, uint256) {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function requireActing(FacilityId) external view {
        _read();
    }

    /// @inheritdoc IFinancingDesk
    function requireUnclaimed(FinancingId) external view {
        _read();
    }

    // Internals

    function _openAndDraw() private returns (FinancingId id) {
        id = abi.decode(Address.functionDelegateCall(_openings, msg.data), (FinancingId));
        _drawFirst(id);
    }

    /// @dev Under the desk's guard, as every draw.
    function _drawFirst(FinancingId id) internal virtual;

    /// @dev Goes back to the caller with what the part answers. The compiler lets no view run a part: it cannot know that
    /// the part writes nothing there. Whoever calls a view makes sure that it does not.
    function _read() private view {
        function(address) internal run = _run;
        function(address) internal view read;
        // Assembly because only the compiler's word for it changes: the function is the same.
        assembly ("memory-safe") {
            read := run
        }
        read(_handovers);
    }
}
