// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The order in which money that comes in is owed out. Between the tranches of a pool, interest and principal are
/// senior's first and then junior's: that order is kept by the pool, whose senior claim is fixed.
library Waterfall {
    /// @notice Claims on a payment, in minor units, in the order in which they are served.
    /// @param lateFees interest on arrears
    /// @param fees of the operator
    /// @param interest discount earned
    /// @param principal still booked as lent
    /// @param writtenOff principal booked as lost
    /// @param reserve contribution to the first-loss reserve
    struct Claims {
        uint256 lateFees;
        uint256 fees;
        uint256 interest;
        uint256 principal;
        uint256 writtenOff;
        uint256 reserve;
    }

    /// @notice Who gets what of a payment, in minor units; the seven sum to the payment exactly.
    /// @param recovered what comes back of principal that was written off
    /// @param residual what nobody has a claim on: the seller's
    struct Split {
        uint256 lateFees;
        uint256 fees;
        uint256 interest;
        uint256 principal;
        uint256 recovered;
        uint256 reserve;
        uint256 residual;
    }

    function split(uint256 amount, Claims memory claims) internal pure returns (Split memory parts) {
        parts.lateFees = Math.min(amount, claims.lateFees);
        amount -= parts.lateFees;
        parts.fees = Math.min(amount, claims.fees);
        amount -= parts.fees;
        parts.interest = Math.min(amount, claims.interest);
        amount -= parts.interest;
        parts.principal = Math.min(amount, claims.principal);
        amount -= parts.principal;
        parts.recovered = Math.min(amount, claims.writtenOff);
        amount -= parts.recovered;
        parts.reserve = Math.min(amount, claims.reserve);
        parts.residual = amount - parts.reserve;
    }

    function total(Claims memory claims) internal pure returns (uint256) {
        return claims.lateFees + claims.fees + claims.interest + claims.principal + claims.writtenOff + claims.reserve;
    }

    /// @return minor units that go to the source of money: all but the residual
    function sumToPool(Split memory parts) internal pure returns (uint256) {
        return parts.lateFees + parts.fees + parts.interest + parts.principal + parts.recovered + parts.reserve;
    }
}
