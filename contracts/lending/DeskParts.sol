// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../types/Ids.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title The desk's functions that are seldom called and whose code lies in two contracts of their own. They run on the
/// desk's storage, with its caller and its guard; the addresses are fixed when the desk is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract DeskParts is IFinancingDesk {
    address private immutable _openings;
    address private immutable _workouts;

    constructor(address openings, address workouts) {
        require(openings.code.length != 0, PartHasNoCode(openings));
        require(workouts.code.length != 0, PartHasNoCode(workouts));
        _openings = openings;
        _workouts = workouts;
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
    function stop(Stoppable) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function resume(Stoppable) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function openFacility(FacilityTerms calldata) external returns (FacilityId) {
        return abi.decode(_run(_openings), (FacilityId));
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
    function watchAlso(FinancingId, bytes32, bool) external {
        _run(_openings);
    }

    /// @inheritdoc IFinancingDesk
    function moveFacility(FacilityId, address) external {
        _run(_openings);
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

    // Internals

    function _openAndDraw() private returns (FinancingId id) {
        id = abi.decode(_run(_openings), (FinancingId));
        _drawFirst(id);
    }

    /// @dev Under the desk's guard, as every draw.
    function _drawFirst(FinancingId id) internal virtual;

    /// @dev Reverts with the part's own reason.
    function _run(address part) private returns (bytes memory) {
        return Address.functionDelegateCall(part, msg.data);
    }
}
