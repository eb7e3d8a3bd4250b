// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The order in which money that comes in is owed out: fees, interest, principal, and the rest to the supplier.
library Waterfall {
    /// @notice Claims on a payment, in minor units.
    struct Claims {
        uint256 fees;
        uint256 interest;
        uint256 principal;
    }

    /// @notice Who gets what of a payment, in minor units; the four sum to the payment exactly.
    struct Split {
        uint256 fees;
        uint256 interest;
        uint256 principal;
        uint256 residual;
    }

    function split(uint256 amount, Claims memory claims) internal pure returns (Split memory parts) {
        parts.fees = Math.min(amount, claims.fees);
        amount -= parts.fees;
        parts.interest = Math.min(amount, claims.interest);
        amount -= parts.interest;
        parts.principal = Math.min(amount, claims.principal);
        parts.residual = amount - parts.principal;
    }

    function total(Claims memory claims) internal pure returns (uint256) {
        return claims.fees + claims.interest + claims.principal;
    }
}
