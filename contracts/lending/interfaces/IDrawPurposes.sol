// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId} from "../../types/Ids.sol";

/// @title What earmarked draws are for. The money does not pass through the supplier's hands: the desk pays it here, and in
/// the same call it goes to the carrier, against its accepted invoice, or into the escrow of the order that the supplier has
/// placed.
interface IDrawPurposes {
    /// @notice `Freight`: a receivable that a carrier has of the supplier. `Purchase`: an order of which the supplier is the
    /// buyer, and whose refunds back the same financing.
    enum Kind {
        None,
        Freight,
        Purchase
    }

    /// @param itemId receivable or order
    /// @param most minor units that may be drawn for it in all
    /// @param paid minor units that have been
    struct Purpose {
        Kind kind;
        uint256 itemId;
        uint64 most;
        uint64 paid;
    }

    /// @notice The supplier said what the financing's draws are for.
    /// @param most minor units
    event PurposeSet(FinancingId indexed financing, Kind indexed kind, uint256 indexed itemId, uint256 most);
    /// @notice A draw went there.
    /// @param amount minor units
    event PurposePaid(FinancingId indexed financing, Kind indexed kind, uint256 indexed itemId, uint256 amount);

    /// @notice The caller is not the financing desk.
    error PurposeOnlyDesk(address caller, address desk);
    /// @notice The caller is not the account that the financing's facility was granted to.
    error NotSupplierOfPurpose(FinancingId financing, address caller, address supplier);
    /// @notice The financing's facility does not earmark draws.
    error NotEarmarked(FinancingId financing);
    /// @notice The financing is not open, or has drawn already: what for is settled.
    error PurposeSettled(FinancingId financing);
    /// @notice Nothing, or more than can be booked, may be drawn for it; both in minor units.
    error PurposeOutOfRange(FinancingId financing, uint256 most, uint256 greatest);
    /// @notice The item is not one that the kind is for: see `Kind`. It must be accepted, owed by the supplier's
    /// organisation, and paid in the currency that the financing is lent in.
    error PurposeUnfit(FinancingId financing, Kind kind, uint256 itemId);

    /// @notice Says what the draws of an earmarked financing are for; until the first of them it may be said anew. By the
    /// account that the facility was granted to.
    /// @param itemId receivable or order
    /// @param most minor units that may be drawn for it in all
    function setPurpose(FinancingId financing, Kind kind, uint256 itemId, uint256 most) external;

    /// @notice Pays on to the purpose what the source of money has just paid here. Desk only.
    /// @dev Where the carrier's invoice backs a financing itself, its custodian is told, as of every payment: that takes
    /// the gas of `Hints`, and the custodian's own waterfall has to be forwarded afterwards, by anyone.
    /// @param amount minor units, at most `room`
    function pay(FinancingId financing, uint256 amount) external;

    /// @return minor units that may be drawn for the purpose now: what is left of `most`, and what can still be paid there.
    /// 0 without a purpose, and while the invoice is disputed or the order not open
    function room(FinancingId financing) external view returns (uint256);

    /// @return what the financing's draws are for; all zero where nothing has been said
    function purposeOf(FinancingId financing) external view returns (Purpose memory);
}
