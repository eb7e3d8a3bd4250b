// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Names the current address of each module. Contracts are immutable: a new version is a new address here.
interface IDirectory {
    event ModuleChanged(bytes32 indexed name, address previous, address current);

    error ModuleNameMissing();
    error ModuleUnknown(bytes32 name);
    error ModuleHasNoCode(bytes32 name, address module);

    /// @notice Points a name at a contract. Governor only, after the governor's delay.
    /// @param name ASCII name, left-aligned, e.g. "ReceivableToken"
    function setModule(bytes32 name, address module) external;

    /// @notice Reverts where the name is unset: never answers with the zero address.
    function moduleOf(bytes32 name) external view returns (address);
    function names() external view returns (bytes32[] memory);
}
