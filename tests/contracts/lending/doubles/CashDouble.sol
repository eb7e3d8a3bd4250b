// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Cash that anyone may make, for tests that are not about cash.
contract CashDouble is ERC20 {
    constructor() ERC20("Test Euro", "tEUR") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
