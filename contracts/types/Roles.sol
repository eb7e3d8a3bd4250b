// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What an organisation may do, one bit a role. The low eight bits are the oracle roles, so that a fact can
/// remember in one byte which kinds of witness it has.
library Roles {
    uint32 internal constant CARRIER = 1 << 0;
    uint32 internal constant WAREHOUSE = 1 << 1;
    uint32 internal constant INSPECTOR = 1 << 2;
    uint32 internal constant CUSTOMS = 1 << 3;
    uint32 internal constant SENSOR = 1 << 4;
    uint32 internal constant CONSIGNEE = 1 << 5;
    /// @dev Every role that may witness a fact.
    uint32 internal constant ORACLE_ROLES = (1 << 8) - 1;

    uint32 internal constant SUPPLIER = 1 << 8;
    uint32 internal constant DEBTOR = 1 << 9;
    uint32 internal constant LENDER = 1 << 10;
    /// @dev The network's own contracts, which hold cash and collateral for others.
    uint32 internal constant NETWORK = 1 << 11;
    uint32 internal constant SUPERVISOR = 1 << 12;
    /// @dev Insures financings, out of money that it has put down.
    uint32 internal constant INSURER = 1 << 13;
    /// @dev Quotes exchange rates, out of money that it has put down.
    uint32 internal constant FX_DEALER = 1 << 14;
    /// @dev A role bit outside this mask is refused.
    uint32 internal constant ALL = (1 << 15) - 1;
}

/// @title Role ids in the AccessManager: the offices of the network's operator. 0 is its administrator.
library Offices {
    uint64 internal constant GOVERNOR = 1;
    uint64 internal constant GUARDIAN = 2;
    uint64 internal constant REGISTRAR = 3;
    uint64 internal constant CREDIT_OFFICER = 4;
    uint64 internal constant CASH_ISSUER = 5;
    uint64 internal constant SERVICER = 6;
    /// @dev Decides disputes between debtors and suppliers.
    uint64 internal constant ARBITER = 7;
}
