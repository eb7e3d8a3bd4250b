// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {console} from "forge-std/console.sol";

/// @title Holds the gas of the last call against its budget, and logs it for `make gas`.
/// @dev The tests must be isolated, by inline configuration: then each call that a test makes is a transaction of its
/// own, with its 21,000, its calldata, cold storage, and refunds taken off.
abstract contract GasRecord is Test {
    /// @param operation its name in docs/gas.md
    function _record(string memory operation, uint256 budget) internal view {
        _recordShare(operation, 1, budget);
    }

    /// @notice Records an operation that does not meet its budget yet: it may not get any dearer than it is.
    function _recordMissed(string memory operation, uint256 budget, uint256 ceiling) internal view {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        string memory figures = string.concat(vm.toString(used), "|", vm.toString(budget), "|", vm.toString(ceiling));
        console.log(string.concat("gas|", operation, "|", figures));
        assertLe(used, ceiling, operation);
        assertGt(used, budget, "met: record it as such");
    }

    /// @notice Records one of `count` equal parts of the last call.
    function _recordShare(string memory operation, uint256 count, uint256 budget) internal view {
        uint256 used = vm.lastCallGas().gasTotalUsed / count;
        console.log(string.concat("gas|", operation, "|", vm.toString(used), "|", vm.toString(budget)));
        assertLe(used, budget, operation);
    }
}
