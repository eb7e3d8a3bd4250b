// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyId} from "../../types/Ids.sol";
import {IInsurancePolicies} from "./IInsurancePolicies.sol";

/// @title Says what can be insured, whether a loss event has happened, and what a policy pays for it. It reads the desk and
/// the oracle, keeps nothing and decides nothing else. Its refusals are `IInsurancePolicies`'.
interface ILossAdjuster {
    /// @notice Reverts, saying why, where the terms make no sense, the insurer belongs to the supplier's group, or the
    /// consignment is another group's.
    /// @param insurer account that offers
    function requireInsurable(IInsurancePolicies.Terms calldata terms, address insurer) external view;

    /// @notice Reverts where the loss event has happened already, or a loss is expected.
    function requireNoLossKnown(IInsurancePolicies.Terms calldata terms) external view;

    /// @notice What a claim comes to now; reverts, saying why, where to nothing.
    /// @param policy as the policies contract has it; believed
    /// @return lossAt Unix seconds of the loss event
    /// @return loss minor units, before deductible and limit
    /// @return amount minor units, the least of the limit and of the loss above the deductible; never zero
    function assess(PolicyId id, IInsurancePolicies.Policy calldata policy)
        external
        view
        returns (uint256 lossAt, uint256 loss, uint256 amount);
}
