// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract some of whose code lies in others, its parts, which run on its storage and with its caller.
abstract contract Parts {
    /// @dev Goes back to the caller with what the part returned or why it reverted. Nothing may be open when it is called:
    /// no guard, no modifier's end.
    function _run(address part) internal {
        // Assembly because what comes back is handed on as it is, whatever its type.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), part, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }
}
