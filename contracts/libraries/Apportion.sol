// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Divides an amount among several in whole units; the parts always sum to the amount.
library Apportion {
    function sum(uint256[] memory values) internal pure returns (uint256 total) {
        for (uint256 i; i < values.length; ++i) {
            total += values[i];
        }
    }

    /// @notice In proportion to the weights. What is rounded is the running total, so every part is within one unit of
    /// its exact share and nobody is rounded against for ever; and no part passes its weight where the amount does not pass
    /// the sum of the weights.
    /// @param weights not all zero, unless the amount is
    function inProportion(uint256 amount, uint256[] memory weights) internal pure returns (uint256[] memory parts) {
        parts = new uint256[](weights.length);
        uint256 total = sum(weights);
        if (total == 0) return parts;
        uint256 weight;
        uint256 given;
        for (uint256 i; i < weights.length; ++i) {
            weight += weights[i];
            uint256 upToHere = Math.mulDiv(amount, weight, total);
            parts[i] = upToHere - given;
            given = upToHere;
        }
    }

    /// @notice In proportion to the weights as far as the limits go; what is over falls on the others, in their order.
    /// @param amount at most the sum of the limits
    function withinLimits(uint256 amount, uint256[] memory weights, uint256[] memory limits)
        internal
        pure
        returns (uint256[] memory parts)
    {
        parts = inProportion(amount, weights);
        uint256 over;
        for (uint256 i; i < parts.length; ++i) {
            uint256 part = Math.min(parts[i], limits[i]);
            over += parts[i] - part;
            parts[i] = part;
        }
        for (uint256 i; i < parts.length && over != 0; ++i) {
            uint256 more = Math.min(over, limits[i] - parts[i]);
            parts[i] += more;
            over -= more;
        }
    }
}
