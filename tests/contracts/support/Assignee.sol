// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IProceedsReceiver} from "../../../contracts/receivables/interfaces/IProceedsReceiver.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {OrderId} from "../../../contracts/types/Ids.sol";

/// @title An assignee that does with a hint whatever the test wants.
contract Assignee is IProceedsReceiver {
    enum Mood {
        Glad,
        Refusing,
        Greedy,
        Flooding
    }

    Mood public mood;
    uint256 public hints;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function assign(OrderEscrow escrow, OrderId id, address seller) external {
        escrow.assignProceeds(id, seller);
    }

    function release(OrderEscrow escrow, OrderId id) external {
        escrow.releaseProceeds(id);
    }

    function permit(OrderEscrow escrow, OrderId id) external {
        escrow.permitInvoicing(id);
    }

    function assignRefunds(OrderEscrow escrow, OrderId id, address buyer) external {
        escrow.assignRefunds(id, buyer);
    }

    function releaseRefunds(OrderEscrow escrow, OrderId id) external {
        escrow.releaseRefunds(id);
    }

    function deliver(OrderEscrow escrow, IOrderEscrow.Delivery calldata delivery, address to) external {
        escrow.deliver(delivery, to);
    }

    function fund(OrderEscrow escrow, CashToken cash, OrderId id, uint256 amount) external {
        cash.approve(address(escrow), amount);
        escrow.fund(id, amount);
    }

    function onProceeds(uint256) external {
        if (mood == Mood.Refusing) revert("no");
        while (mood == Mood.Greedy) ++hints;
        if (mood == Mood.Flooding) {
            assembly {
                return(0, 100000)
            }
        }
        ++hints;
    }
}
