// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The events of a trade that move a borrowing base. Numbers leave room between the legs of a journey.
library Milestones {
    /// @dev The debtor (or buyer) has accepted: read from contract state, never attested.
    uint32 internal constant ACCEPTED = 1;
    uint32 internal constant LOADED = 10;
    uint32 internal constant DEPARTED = 20;
    uint32 internal constant ARRIVED = 30;
    uint32 internal constant DISCHARGED = 40;
    uint32 internal constant RECEIVED = 50;
    uint32 internal constant STORED = 60;
    uint32 internal constant INSPECTED = 70;
    /// @dev The goods have left the warehouse.
    uint32 internal constant RELEASED = 80;
    /// @dev The goods, or some of them, are lost or destroyed: what an insurer pays on. Nothing more is lent on what the
    /// consignment backs, whatever its ladder says (`ILosses`).
    uint32 internal constant LOST = 90;
}
