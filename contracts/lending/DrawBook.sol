// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";

/// @title What a draw is measured by, for the draw itself and for who asks what one would bring.
abstract contract DrawBook is FinancingBook {
    using Waterfall for Waterfall.Claims;

    function _mayDraw(Account memory its) internal view returns (bool) {
        bool isOpen = its.debt.state == IFinancingDesk.State.Open && its.debt.marks & IMPAIRED == 0
            && its.accruals.writtenOff == 0;
        bool inTime = block.timestamp < its.usage.expiresAt && block.timestamp < _endOf(its.anchor.maturityDay);
        return isOpen && inTime && its.usage.flags & CLAIMED == 0;
    }

    /// @return minor units that are owed, or have been repaid ahead and are not drawn again
    function _taken(FinancingId id, Account memory its, uint256 commitment) internal view returns (uint256) {
        return _claims(its).total() + its.debt.repaidAhead + commitment + _coverDue(id, its);
    }

    /// @return minor units that the base leaves, so that with the draw's own charges all that is owed stays within it
    function _room(Account memory its, uint256 base, uint256 taken) internal pure returns (uint256) {
        if (base <= taken) return 0;
        return Rounding.beforeFeeDown(base - taken, uint256(its.line.feeBps) + its.line.reserveBps);
    }

    /// @dev Whoever is frozen is still of the group, and finds the money parked.
    function _isOfSeller(Account memory its) internal view returns (bool) {
        return Memberships.groupOf(Memberships.lookUp(registry, its.line.supplier)) == its.anchor.sellerGroup;
    }
}
