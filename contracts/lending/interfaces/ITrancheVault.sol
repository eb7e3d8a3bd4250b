// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILendingPool} from "./ILendingPool.sol";

/// @title What lenders' shares of a pool say beyond ERC-4626: whose assets they are claims on. Shares are bought at the
/// pool's gross assets and sold at its net assets, by admitted lenders only.
interface ITrancheVault {
    /// @return the pool that the shares are claims on
    function pool() external view returns (ILendingPool);
}
