// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Shares of amounts; each name says its side.
library Rounding {
    function bpsDown(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return amount * bps / Rates.BPS;
    }

    function bpsUp(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return (amount * bps + Rates.BPS - 1) / Rates.BPS;
    }

    /// @notice `amount` in the proportion `part` / `whole`; never more than `amount`, and nothing of an unknown whole.
    function proportionDown(uint256 amount, uint256 part, uint256 whole) internal pure returns (uint256) {
        if (whole == 0) return 0;
        return amount * Math.min(part, whole) / whole;
    }

    /// @notice The greatest amount that fits into `room` together with its own fee: amount + bpsUp(amount) <= room.
    function beforeFeeDown(uint256 room, uint256 feeBps) internal pure returns (uint256) {
        return room * Rates.BPS / (Rates.BPS + feeBps);
    }
}
