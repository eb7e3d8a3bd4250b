// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, OrderId, ReceivableId} from "../../../../contracts/types/Ids.sol";

/// @title A three-way match that says what the test wants.
contract MatchDouble {
    mapping(ReceivableId => OrderId) public orderOf;
    uint256 private _least;
    uint256 private _invoiced;

    function link(ReceivableId id, OrderId order) external {
        orderOf[id] = order;
    }

    function cap(uint256 least, uint256 invoiced) external {
        (_least, _invoiced) = (least, invoiced);
    }

    function requirePledgeable(FacilityId, ReceivableId, bytes32) external pure {}

    function capOf(ReceivableId id, bytes32) external view returns (uint256 least, uint256 invoiced) {
        if (OrderId.unwrap(orderOf[id]) != 0) return (_least, _invoiced);
    }
}
