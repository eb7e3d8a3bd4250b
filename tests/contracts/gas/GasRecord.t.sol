// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GasRecord} from "./GasRecord.sol";

/// @title The measure itself, on transactions whose gas the yellow paper tells.
/// forge-config: default.isolate = true
contract GasRecordTest is GasRecord {
    uint256 private constant ENVELOPE = 21_000;
    uint256 private constant NONZERO_BYTE = 16;

    function test_emptyCallTakesTheEnvelope() public {
        (bool done,) = makeAddr("nobody").call("");
        assertTrue(done);
        assertEq(vm.lastCallGas().gasTotalUsed, ENVELOPE);
    }

    function test_calldataCounts() public {
        (bool done,) = makeAddr("nobody").call(hex"01020304");
        assertTrue(done);
        assertEq(vm.lastCallGas().gasTotalUsed, ENVELOPE + 4 * NONZERO_BYTE);
    }

    function test_storageIsColdAndRefundsAreTakenOff() public {
        Cell cell = new Cell();
        cell.set(1);
        uint256 made = vm.lastCallGas().gasTotalUsed;
        cell.set(2);
        uint256 changed = vm.lastCallGas().gasTotalUsed;
        cell.set(0);
        uint256 cleared = vm.lastCallGas().gasTotalUsed;
        // From zero a slot costs 20,000 and from nonzero 2,900, each beside 2,100 for the first touch.
        assertEq(made - changed, 17_100);
        // A zero byte of calldata is 12 cheaper. Clearing gives 4,800 back, all of it: it is less than a fifth.
        assertEq(changed - cleared, 12 + 4800);
    }
}

/// @dev One slot.
contract Cell {
    uint256 private _value;

    function set(uint256 value) external {
        _value = value;
    }
}
