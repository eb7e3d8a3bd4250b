// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "./IGoodsRights.sol";
import {ILots} from "./ILots.sol";

/// @title Goods in warehouses as ERC-1155 tokens: the id is a lot, a unit a thousandth of the lot's unit.
interface IWarehouseReceiptToken is ILots, IGoodsRights {
    /// @notice At deployment: there is no contract at the address of a part.
    error PartHasNoCode(address part);
}
