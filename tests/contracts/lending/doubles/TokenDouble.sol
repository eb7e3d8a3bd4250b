// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../../contracts/types/Ids.sol";
import {CashDouble} from "./CashDouble.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";

/// @title Invoices whose payments and dilutions reach the holder that the test names, as exactly as it wants.
contract TokenDouble {
    struct Reservation {
        address custodian;
        uint40 until;
    }

    CashDouble public immutable cash;

    mapping(ReceivableId => IReceivableToken.Receivable) private _records;
    mapping(ReceivableId => uint256) private _disputed;
    mapping(ReceivableId => mapping(address => uint256)) private _units;
    mapping(ReceivableId => mapping(address => uint256)) private _claimable;
    mapping(ReceivableId => mapping(address => Reservation)) public reservations;

    constructor(CashDouble cash_) {
        cash = cash_;
    }

    // The test's hand

    function set(ReceivableId id, IReceivableToken.Receivable calldata record) external {
        _records[id] = record;
    }

    function setState(ReceivableId id, IReceivableToken.State state, uint256 disputed) external {
        _records[id].state = state;
        _disputed[id] = disputed;
    }

    function give(ReceivableId id, address holder, uint256 units) external {
        _units[id][holder] += units;
    }

    /// @notice A payment of which `amount` is this holder's.
    function bring(ReceivableId id, address holder, uint256 amount) external {
        require(_units[id][holder] - _claimable[id][holder] >= amount, "more than it holds");
        cash.mint(address(this), amount);
        _claimable[id][holder] += amount;
        _records[id].paid += uint56(amount);
    }

    /// @notice A credit note that burns units of this holder.
    function dilute(ReceivableId id, address holder, uint256 amount) external {
        require(_units[id][holder] - _claimable[id][holder] >= amount, "more than it holds");
        _units[id][holder] -= amount;
        _records[id].faceValue -= uint56(amount);
    }

    // What the adapter calls

    function position(ReceivableId id, address holder) external view returns (uint256 units, uint256 claimable) {
        return (_units[id][holder], _claimable[id][holder]);
    }

    function receivable(ReceivableId id) external view returns (IReceivableToken.Receivable memory) {
        return _records[id];
    }

    function debtOf(ReceivableId id)
        external
        view
        returns (IReceivableToken.State, uint256 dueDate, uint256 quantity, uint256 outstanding, uint256 disputed)
    {
        IReceivableToken.Receivable storage its = _records[id];
        return (its.state, its.dueDate, its.quantity, its.faceValue - its.paid, _disputed[id]);
    }

    function cashOf(ReceivableId) external view returns (CashDouble) {
        return cash;
    }

    function claim(ReceivableId id) external returns (uint256 amount) {
        amount = _claimable[id][msg.sender];
        require(amount != 0, "nothing to claim");
        _claimable[id][msg.sender] = 0;
        _units[id][msg.sender] -= amount;
        cash.transfer(msg.sender, amount);
    }

    function safeTransferFrom(address from, address to, uint256 itemId, uint256 units, bytes calldata data) external {
        ReceivableId id = ReceivableId.wrap(itemId);
        Reservation storage reservation = reservations[id][from];
        bool isFree = block.timestamp >= reservation.until || reservation.custodian == to;
        require(isFree, "reserved by another custodian");
        _units[id][from] -= units;
        _units[id][to] += units;
        if (to.code.length != 0) {
            IERC1155Receiver(to).onERC1155Received(msg.sender, from, itemId, units, data);
        }
    }

    function reserve(ReceivableId id, address holder, uint40 until) external {
        Reservation storage reservation = reservations[id][holder];
        require(block.timestamp >= reservation.until, "reserved already");
        require(_units[id][holder] != 0, "nothing to reserve");
        reservations[id][holder] = Reservation(msg.sender, until);
    }

    function endReservation(ReceivableId id, address holder) external {
        require(reservations[id][holder].custodian == msg.sender, "reserved by another");
        delete reservations[id][holder];
    }

    function balanceOf(address holder, uint256 itemId) external view returns (uint256) {
        return _units[ReceivableId.wrap(itemId)][holder];
    }
}
