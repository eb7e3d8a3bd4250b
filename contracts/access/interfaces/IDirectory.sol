// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Names the current address of each module. Contracts are immutable: a new version is a new address here.
interface IDirectory {
    /// @notice A name points at another contract. `previous` is zero the first time.
    event ModuleChanged(bytes32 indexed name, address previous, address current);

    /// @notice The name is empty.
    error ModuleNameMissing();
    /// @notice Nothing has been set under this name.
    error ModuleUnknown(bytes32 name);
    /// @notice The address that the name should point at holds no contract.
    error ModuleHasNoCode(bytes32 name, address module);

    /// @notice Points a name at a contract. Governor only, after the governor's delay.
    /// @param name ASCII name, left-aligned, e.g. "ReceivableToken"
    /// @param module its address; must hold code
    function setModule(bytes32 name, address module) external;

    /// @notice Reverts where the name is unset: never answers with the zero address.
    function moduleOf(bytes32 name) external view returns (address);
    /// @return every name ever set, in the order of their first use
    function names() external view returns (bytes32[] memory);
}
