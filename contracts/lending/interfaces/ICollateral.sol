// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../../types/Ids.sol";

/// @title An adapter that keeps one kind of collateral, says what may be lent against it, and passes on its proceeds.
/// Each item carries a ladder: milestone -> advance rate. The furthest step that has been reached counts.
interface ICollateral {
    /// @param milestone one of `Milestones`
    /// @param advanceRateBps share of the item's value that may be lent from then on; 8000 = 80 %
    /// @param measured the value counts only in the proportion attested (quantity received / quantity invoiced)
    struct Step {
        uint32 milestone;
        uint16 advanceRateBps;
        bool measured;
    }

    /// @notice Financings opened from now on under the facility keep these steps.
    event LadderSet(FacilityId indexed facility, Step[] steps);
    /// @notice An item went into custody for a financing.
    /// @param units minor units of the item's value
    event CollateralTaken(
        FinancingId indexed financing, uint256 indexed itemId, address indexed pledgor, uint256 units, bytes32 subject
    );
    /// @notice What was left of an item went back to its pledgor.
    /// @param units minor units of the item's value
    event CollateralReleased(FinancingId indexed financing, uint256 indexed itemId, address indexed to, uint256 units);
    /// @notice Money that came in on an item was shared out, in minor units.
    event ProceedsForwarded(FinancingId indexed financing, uint256 indexed itemId, uint256 toPool, uint256 toSupplier);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice At `step` (from 0) the milestones do not rise or the rate is not 1 to 10000 bps; or it is the count of
    /// steps, where that is not 1 to 4.
    error LadderInvalid(FacilityId facility, uint256 step);
    /// @notice The facility has no ladder for this kind of collateral.
    error LadderMissing(FacilityId facility);
    /// @notice The item's state is not the one needed; both are numbers of its own contract's `State`.
    error ItemNotFinanceable(uint256 itemId, uint8 state, uint8 needed);
    /// @notice The item is paid in another cash token than the pool lends.
    error ItemCurrencyDiffers(uint256 itemId, address cash, address poolCash);
    /// @notice No units, or more than can be pledged; both in minor units of the item's value.
    error UnitsOutOfRange(uint256 itemId, uint256 units, uint256 available);
    /// @notice The item backs no financing here.
    error ItemUnknown(uint256 itemId);
    /// @notice The item already backs `financing`.
    error ItemAlreadyPledged(uint256 itemId, FinancingId financing);
    /// @notice The consignment's facts have already counted for another item: the same goods never count twice.
    /// @param itemId the item offered
    /// @param otherItemId the item that the facts counted for
    error SubjectOfOtherItem(bytes32 subject, uint256 itemId, uint256 otherItemId);
    /// @notice Units arrived that this contract did not fetch itself, or of another token than its own.
    error UnsolicitedItem(address token, address operator);

    /// @notice Sets the ladder that a facility uses for this kind of collateral: 1 to 4 steps, in the order in which
    /// they are reached. Desk only (for the credit officer); open financings keep the ladder they were opened with.
    function setLadder(FacilityId facility, Step[] calldata steps) external;

    /// @notice Takes an item into custody for a financing. Desk only. Reverts where it is already pledged.
    /// @param units how much of it, in minor units of its value
    /// @param subject consignment whose facts move the base
    /// @param poolCash the currency that the pool lends
    function take(
        FinancingId financing,
        FacilityId facility,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject,
        address poolCash
    ) external;

    /// @notice Gives what is left of the item back. Desk only, once nothing is owed.
    function release(FinancingId financing, address to) external;

    /// @notice What may be lent against the financing's item now, in minor units, rounded down; from state alone.
    function borrowingBase(FinancingId financing) external view returns (uint256);

    /// @return the ladder that a financing opened now would keep
    function ladder(FacilityId facility) external view returns (Step[] memory);

    /// @return itemId what backs the financing
    /// @return subject consignment whose facts move its base
    /// @return units of the item still in custody, in minor units of its value
    function pledgeOf(FinancingId financing) external view returns (uint256 itemId, bytes32 subject, uint256 units);

    /// @return the ladder that the financing was opened with
    function ladderOf(FinancingId financing) external view returns (Step[] memory);

    /// @return the financing that the item backs now; 0 for none
    function financingOf(uint256 itemId) external view returns (FinancingId);
}
