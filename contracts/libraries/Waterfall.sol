// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
        // Safe: each part is at most what is left of the amount.
        unchecked {
            amount -= parts.lateFees = _least(amount, claims.lateFees);
            amount -= parts.fees = _least(amount, claims.fees);
            amount -= parts.interest = _least(amount, claims.interest);
            amount -= parts.principal = _least(amount, claims.principal);
            amount -= parts.recovered = _least(amount, claims.writtenOff);
            amount -= parts.reserve = _least(amount, claims.reserve);
        }
        parts.residual = amount;
    }

    function total(Claims memory claims) internal pure returns (uint256) {
        // Safe: amounts of money, which have far fewer bits.
        unchecked {
            return
                claims.lateFees + claims.fees + claims.interest + claims.principal + claims.writtenOff + claims.reserve;
        }
    }

    /// @dev OpenZeppelin's `Math.min` avoids the jump and costs more: six of them in every payment.
    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
