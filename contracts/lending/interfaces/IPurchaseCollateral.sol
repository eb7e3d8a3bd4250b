// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, OrderId} from "../../types/Ids.sol";
import {ICollateral} from "./ICollateral.sol";

/// @title Keeps orders as their buyer's collateral: what the lender has put into escrow for the buyer comes back here, or
/// turns into goods. Until the day of delivery the base is the lender's rate of the order's value, because draws go nowhere
/// but into the escrow; afterwards it is nothing.
/// @dev Of `ICollateral`: an item is an order, its units are minor units of its value, its proceeds are the refunds. Only
/// facilities that earmark draws may use it, with a ladder of the one step ACCEPTED: no fact makes money of the lender's
/// more.
interface IPurchaseCollateral is ICollateral {
    /// @notice The goods went to the buyer, for the money in escrow.
    event DeliveryTaken(FinancingId indexed financing, OrderId indexed order, uint256 indexed lot);

    /// @notice The facility does not earmark draws: the money could go elsewhere than to the order.
    error FacilityNotEarmarked(FacilityId facility);
    /// @notice What is to be delivered is another order's than the one that backs the financing.
    error DeliveryOfOtherOrder(FinancingId financing, OrderId order, OrderId needed);
    /// @notice Something else backs the financing already, and does not bear what is owed: the money in escrow is not given
    /// for goods that are free. Both in minor units.
    error DeliveryUncovered(FinancingId financing, uint256 owed, uint256 base);

    /// @notice Takes goods that the seller has offered against payment, and pledges them in the same call: money, title and
    /// collateral change hands together, or nothing does. Where other collateral backs the financing already the goods are
    /// free, as long as it bears what is owed. The account that the facility was granted to; `to` needs its approval for the
    /// goods beforehand.
    /// @param delivery of the order that backs the financing
    /// @param to adapter that takes the goods; left alone where other collateral backs the financing already
    /// @param subject the goods' consignment
    function takeDelivery(
        FinancingId financing,
        IOrderEscrow.Delivery calldata delivery,
        ICollateral to,
        bytes32 subject
    ) external;
}
