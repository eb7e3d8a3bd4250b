// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {OrderId} from "../types/Ids.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Keeps purchase orders as collateral: their proceeds are assigned to this contract, one financing an order.
contract OrderCollateral is LadderedCollateral {
    IOrderEscrow public immutable escrow;

    /// @dev What had been paid on the order when its proceeds were last forwarded; what came later is here.
    mapping(uint256 itemId => uint256) private _forwarded;

    constructor(IOrderEscrow escrow_, IMilestoneOracle oracle_, IFinancingDesk desk_)
        LadderedCollateral(oracle_, desk_)
    {
        escrow = escrow_;
    }

    // Internals

    function _takeItem(uint256 itemId, uint256 units, address pledgor, address poolCash) internal override {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Order memory order = escrow.order(id);
        IOrderEscrow.State needed = IOrderEscrow.State.Accepted;
        require(order.state == needed, ItemNotFinanceable(itemId, uint8(order.state), uint8(needed)));
        address cash = address(escrow.cashOf(id));
        require(cash == poolCash, ItemCurrencyDiffers(itemId, cash, poolCash));
        uint256 outstanding = order.value - order.paid;
        require(units != 0 && units <= outstanding, UnitsOutOfRange(itemId, units, outstanding));

        _forwarded[itemId] = order.paid;

        escrow.assignProceeds(id, pledgor);
    }

    function _releaseItem(uint256 itemId, uint256, address) internal override {
        escrow.releaseProceeds(OrderId.wrap(itemId));
    }

    /// @dev The escrow has sent every payment since the assignment straight here.
    function _gather(Pledge storage pledge) internal override returns (IERC20 cash, uint256 proceeds) {
        uint256 itemId = pledge.itemId;
        uint256 paid = escrow.order(OrderId.wrap(itemId)).paid;
        cash = escrow.cashOf(OrderId.wrap(itemId));
        proceeds = paid - _forwarded[itemId];
        if (proceeds != 0) _forwarded[itemId] = paid;
    }

    function _valueOf(uint256 itemId, uint256 units) internal view override returns (uint256 value, uint256 quantity) {
        IOrderEscrow.Order memory order = escrow.order(OrderId.wrap(itemId));
        bool late = block.timestamp >= (uint256(order.deliverBy) + 1) * 1 days;
        if (order.state != IOrderEscrow.State.Accepted || late) return (0, 0);
        return (Math.min(units, order.value - order.paid), order.quantity);
    }
}
