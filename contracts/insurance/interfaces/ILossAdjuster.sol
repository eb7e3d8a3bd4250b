// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyId} from "../../types/Ids.sol";
import {IInsurancePolicies} from "./IInsurancePolicies.sol";

/// @title Says what can be insured, whether a loss event has happened, and what a policy pays for it. It reads the desk and
/// the oracle, keeps nothing and decides nothing else. Its refusals are `IInsurancePolicies`'.
interface ILossAdjuster {
    /// @param lossAt Unix seconds of the loss event
    /// @param debt insured claims of the lenders, minor units: of a fact that has been claimed on, as they were measured then
    /// @param loss minor units, before deductible and limit; of a fact, its part of that debt less what was paid on it
    /// @param amount minor units, the least of the limit and of the loss above the deductible; never zero
    struct Assessment {
        uint256 lossAt;
        uint256 debt;
        uint256 loss;
        uint256 amount;
    }

    /// @notice Reverts, saying why, where the terms make no sense, the insurer belongs to the supplier's group, or the
    /// consignment is another group's.
    /// @param insurer account that offers
    function requireInsurable(IInsurancePolicies.Terms calldata terms, address insurer) external view;

    /// @notice Reverts where the loss event has happened already, or a loss is expected.
    function requireNoLossKnown(IInsurancePolicies.Terms calldata terms) external view;

    /// @notice What a claim comes to now; reverts, saying why, where to nothing.
    /// @param policy as the policies contract has it; believed
    /// @param before what was claimed on the same fact under the same financing; zero for Credit; believed
    function assess(
        PolicyId id,
        IInsurancePolicies.Policy calldata policy,
        IInsurancePolicies.FactClaims calldata before
    ) external view returns (Assessment memory);
}
