// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProceedsReceiver} from "../../../contracts/receivables/interfaces/IProceedsReceiver.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @title A custodian that claims what comes in, or misbehaves as told.
contract Custodian is ERC1155Holder, IProceedsReceiver {
    enum Mood {
        Claiming,
        Idle,
        Reverting,
        Flooding,
        Burning,
        PayingAgain
    }

    IReceivableToken private immutable _receivables;
    Mood private _mood;
    uint256 public hints;
    uint256 public gasGiven;
    uint256 public claimed;

    constructor(IReceivableToken receivables) {
        _receivables = receivables;
    }

    function setMood(Mood mood) external {
        _mood = mood;
    }

    function onProceeds(uint256 itemId) external {
        gasGiven = gasleft();
        ++hints;
        ReceivableId id = ReceivableId.wrap(itemId);
        if (_mood == Mood.Claiming) claimed += _receivables.claim(id);
        if (_mood == Mood.Reverting) revert("not today");
        if (_mood == Mood.PayingAgain && _receivables.outstanding(id) != 0) _receivables.pay(id, 1);
        if (_mood == Mood.Flooding) {
            assembly ("memory-safe") {
                revert(0, 300000)
            }
        }
        if (_mood == Mood.Burning) {
            assembly ("memory-safe") {
                invalid()
            }
        }
    }

    function claim(ReceivableId id) external returns (uint256) {
        return _receivables.claim(id);
    }

    function give(address to, ReceivableId id, uint256 units) external {
        _receivables.safeTransferFrom(address(this), to, ReceivableId.unwrap(id), units, "");
    }
}
