// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarehouseReceiptToken} from "../../../contracts/inventory/interfaces/IWarehouseReceiptToken.sol";
import {OrderAgreements} from "../../../contracts/settlement/OrderAgreements.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {OrderMatch} from "../../../contracts/settlement/OrderMatch.sol";
import {OrderWorkouts} from "../../../contracts/settlement/OrderWorkouts.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {OrderId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {Network} from "./Network.t.sol";

/// @title An escrow on the network, and orders to put into it.
abstract contract Orders is Network {
    uint256 internal constant DISPUTE_DAYS = 30;

    function _newEscrow(IWarehouseReceiptToken goods) internal returns (OrderEscrow made) {
        address authority = address(manager);
        address agreements = address(new OrderAgreements(registry, oracle, goods, DISPUTE_DAYS, authority));
        address workouts = address(new OrderWorkouts(registry, oracle, goods, DISPUTE_DAYS, authority));
        made = new OrderEscrow(registry, oracle, goods, DISPUTE_DAYS, agreements, workouts, authority);
        registry.admitAccount(operator.lei, address(made));
        _allow(made.listCurrency.selector, address(made), Offices.GOVERNOR);
        _allow(made.listAssignee.selector, address(made), Offices.GOVERNOR);
        _allow(made.listMatcher.selector, address(made), Offices.GOVERNOR);
        _allow(made.decideDispute.selector, address(made), Offices.ARBITER);
        oracle.listConsumer(address(made), true);
        made.listCurrency(euro);
    }

    function _newMatch(OrderEscrow escrow) internal returns (OrderMatch made) {
        made = new OrderMatch(escrow, receivables, oracle, registry, address(manager));
        _allow(made.demandMatch.selector, address(made), Offices.CREDIT_OFFICER);
        escrow.listMatcher(address(made), true);
    }

    /// @return terms one line of so many thousandths of a piece for so much, in euros, nothing down, all of it paid by what
    /// was received
    function _termsOf(OrderId id, address buyer, bytes32 subject, uint256 value, uint256 quantity, uint256 deliverBy)
        internal
        pure
        returns (IOrderEscrow.OrderTerms memory terms)
    {
        IOrderEscrow.Line[] memory lines = new IOrderEscrow.Line[](1);
        lines[0] = IOrderEscrow.Line(keccak256("coffee machine"), "H87", quantity, value);
        IOrderEscrow.Payout[] memory payouts = new IOrderEscrow.Payout[](1);
        payouts[0] = IOrderEscrow.Payout(Milestones.RECEIVED, 10_000, quantity != 0);
        terms = IOrderEscrow.OrderTerms(id, buyer, "EUR", subject, deliverBy, 0, 0, 0, 0, lines, payouts);
    }
}
