// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "./interfaces/ICirculation.sol";

/// @title Sets of circulation rules to start from.
library CirculationPresets {
    /// @notice The rule on electronic receivable vouchers in force in China since 15 June 2025: at most one year,
    /// ordinarily six months, longer only with a reason. Tiers, transfers, smallest part and grace, which that rule
    /// leaves to the network, are this network's own.
    function china2025() internal pure returns (ICirculation.CirculationRules memory) {
        return ICirculation.CirculationRules({
            mostTenorDays: 365,
            ordinaryTenorDays: 184,
            mostTier: 10,
            mostTransfers: 100,
            smallestPart: 100,
            graceDays: 15
        });
    }
}
