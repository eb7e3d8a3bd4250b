// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDirectory} from "./interfaces/IDirectory.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Where each module lives. For people and clients: the contracts themselves hold each other's addresses.
contract Directory is AccessManaged, IDirectory {
    mapping(bytes32 name => address module) private _modules;
    bytes32[] private _names;

    constructor(address authority) AccessManaged(authority) {}

    // Governor

    /// @inheritdoc IDirectory
    function setModule(bytes32 name, address module) external restricted {
        require(name != 0, ModuleNameMissing());
        require(module.code.length != 0, ModuleHasNoCode(name, module));
        address previous = _modules[name];
        if (previous == address(0)) _names.push(name);
        _modules[name] = module;
        emit ModuleChanged(name, previous, module);
    }

    // Views

    /// @inheritdoc IDirectory
    function moduleOf(bytes32 name) external view returns (address) {
        address module = _modules[name];
        require(module != address(0), ModuleUnknown(name));
        return module;
    }

    /// @inheritdoc IDirectory
    function names() external view returns (bytes32[] memory) {
        return _names;
    }
}
