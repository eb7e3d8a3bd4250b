// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parts} from "../libraries/Parts.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {OrderId} from "../types/Ids.sol";
import {IOrderEscrow} from "./interfaces/IOrderEscrow.sol";

/// @title The escrow's functions that no payment on a fact needs, whose code lies in two contracts of their own. They
/// run on the escrow's storage, with its caller; the addresses are fixed when the escrow is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract OrderParts is IOrderEscrow, Parts {
    address private immutable _agreements;
    address private immutable _workouts;

    constructor(address agreements, address workouts) {
        require(agreements.code.length != 0, EscrowPartHasNoCode(agreements));
        require(workouts.code.length != 0, EscrowPartHasNoCode(workouts));
        (_agreements, _workouts) = (agreements, workouts);
    }

    // Governor

    /// @inheritdoc IOrderEscrow
    function listCurrency(ICashToken) external returns (uint8) {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function listAssignee(address, bool) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function listMatcher(address, bool) external {
        _run(_agreements);
    }

    // Agreement

    /// @inheritdoc IOrderEscrow
    function registerOrder(OrderTerms calldata) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function acceptOrder(OrderId, bytes32) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function acceptOrderBySignature(OrderId, bytes32, address, uint256, bytes calldata) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function cancelOrder(OrderId) external {
        _run(_agreements);
    }

    // Assignment

    /// @inheritdoc IOrderEscrow
    function assignProceeds(OrderId, address) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function releaseProceeds(OrderId) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function permitInvoicing(OrderId) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function assignRefunds(OrderId, address) external {
        _run(_agreements);
    }

    /// @inheritdoc IOrderEscrow
    function releaseRefunds(OrderId) external {
        _run(_agreements);
    }

    // Deadline, goods, disputes

    /// @inheritdoc IOrderEscrow
    function refund(OrderId) external returns (uint256) {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function claimRefund(OrderId, address) external returns (uint256) {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function offerDelivery(Delivery calldata, bool) external {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function deliver(Delivery calldata, address) external {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function disputeOrder(OrderId, bytes32) external {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function decideDispute(OrderId, uint256, bytes32) external {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function endDispute(OrderId) external {
        _run(_workouts);
    }

    /// @inheritdoc IOrderEscrow
    function agreeSplit(OrderId, uint256) external {
        _run(_workouts);
    }
}
