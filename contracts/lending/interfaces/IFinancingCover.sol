// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId} from "../../types/Ids.sol";

/// @title What the insurers of a financing are owed out of its payments: premiums first of all, and what they have paid
/// themselves last, after the source of money and before the supplier. The desk asks and pays; it knows nothing of policies.
interface IFinancingCover {
    /// @notice Books premiums that the desk has just sent here, out of a payment of the financing. Desk only.
    /// @param amount minor units, at most `premiumDue`
    function bookPremium(FinancingId financing, uint256 amount) external;

    /// @notice Books what the desk has just sent here of a payment that the source of money has no claim on. Desk only.
    /// @param amount minor units, at most `subrogatedDue`
    function bookRecovery(FinancingId financing, uint256 amount) external;

    /// @return minor units of premium due and not yet paid, of all the financing's policies: served before anything else
    function premiumDue(FinancingId financing) external view returns (uint256);

    /// @return minor units that insurers have paid for the financing and not got back
    function subrogatedDue(FinancingId financing) external view returns (uint256);
}
