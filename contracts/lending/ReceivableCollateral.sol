// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {LadderedCollateral} from "./LadderedCollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Keeps invoices as collateral: units in custody, one financing an invoice.
contract ReceivableCollateral is LadderedCollateral, ERC1155Holder {
    using SafeCast for uint256;

    IReceivableToken public immutable token;

    constructor(IReceivableToken token_, IMilestoneOracle oracle_, IFinancingDesk desk_)
        LadderedCollateral(oracle_, desk_)
    {
        token = token_;
    }

    /// @inheritdoc IERC1155Receiver
    /// @dev Only what this contract fetches itself: units sent here unasked would belong to nobody.
    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        require(msg.sender == address(token) && operator == address(this), UnsolicitedItem(msg.sender, operator));
        return super.onERC1155Received(operator, from, id, value, data);
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(address operator, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        view
        override
        returns (bytes4)
    {
        revert UnsolicitedItem(msg.sender, operator);
    }

    // Internals

    function _takeItem(uint256 itemId, uint256 units, address pledgor, address poolCash) internal override {
        ReceivableId id = ReceivableId.wrap(itemId);
        IReceivableToken.State state = token.receivable(id).state;
        IReceivableToken.State needed = IReceivableToken.State.Accepted;
        require(state == needed, ItemNotFinanceable(itemId, uint8(state), uint8(needed)));
        address cash = address(token.cashOf(id));
        require(cash == poolCash, ItemCurrencyDiffers(itemId, cash, poolCash));
        uint256 held = token.balanceOf(pledgor, itemId);
        require(units != 0 && units <= held, UnitsOutOfRange(itemId, units, held));

        token.safeTransferFrom(pledgor, address(this), itemId, units, "");
    }

    function _releaseItem(uint256 itemId, uint256 units, address to) internal override {
        if (units != 0) token.safeTransferFrom(address(this), to, itemId, units, "");
    }

    /// @dev Claiming burns as many units as it pays minor units.
    function _gather(Pledge storage pledge) internal override returns (IERC20 cash, uint256 proceeds) {
        ReceivableId id = ReceivableId.wrap(pledge.itemId);
        cash = token.cashOf(id);
        if (token.claimable(id, address(this)) == 0) return (cash, 0);
        proceeds = token.claim(id);
        pledge.units = (pledge.units - proceeds).toUint64();
    }

    function _valueOf(uint256 itemId, uint256 units) internal view override returns (uint256 value, uint256 quantity) {
        ReceivableId id = ReceivableId.wrap(itemId);
        IReceivableToken.Receivable memory receivable = token.receivable(id);
        bool overdue = block.timestamp >= (uint256(receivable.dueDate) + 1) * 1 days;
        if (receivable.state != IReceivableToken.State.Accepted || overdue) return (0, 0);
        uint256 unforwarded = receivable.paid == 0 ? 0 : token.claimable(id, address(this));
        return (units - unforwarded, receivable.quantity);
    }
}
