// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {DayCount} from "../types/Rates.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";

/// @title What a payment changes in the books, wherever its money comes from.
abstract contract PaymentBook is FinancingBook {
    using Waterfall for Waterfall.Split;

    /// @param owed_ minor units in all before the payment
    /// @return receipt what the source of money is to book
    function _bookPayment(FinancingId id, Account memory its, Waterfall.Split memory parts, uint256 owed_)
        internal
        returns (IFundingSource.Receipt memory receipt)
    {
        uint256 toPool = parts.sumToPool();
        emit IFinancingDesk.Repaid(id, msg.sender, parts, owed_ - toPool);
        if (toPool == 0) return receipt;
        receipt = _receiptOf(its, parts);
        Debt memory debt = its.debt;
        // The casts are safe: no part is more than its claim.
        debt.feesDue -= uint48(parts.fees);
        debt.principal -= uint48(parts.principal);
        debt.reserveDue -= uint48(parts.reserve);
        its.accruals.interest -= uint96(receipt.settledNumerator);
        its.accruals.late -= uint96(Accrual.settledBy(parts.lateFees, its.accruals.late));
        its.accruals.writtenOff -= uint48(parts.recovered);
        if (toPool == owed_) _finish(id, its);
        _store(id, its);
        _free(its, parts.principal + parts.recovered);
    }

    function _receiptOf(Account memory its, Waterfall.Split memory parts)
        private
        pure
        returns (IFundingSource.Receipt memory)
    {
        DayCount dayCount = its.usage.dayCount;
        return IFundingSource.Receipt({
            lateFees: parts.lateFees,
            fees: parts.fees,
            interest: parts.interest,
            settledNumerator: Accrual.settledBy(parts.interest, its.accruals.interest),
            principal: parts.principal,
            weight: Accrual.weightOf(parts.principal, its.line.discountRateBps, dayCount),
            recovered: parts.recovered,
            reserve: parts.reserve,
            dayCount: dayCount
        });
    }

    /// @dev One who pays all within the grace owes no late fees.
    function _finish(FinancingId id, Account memory its) private {
        its.debt.state = IFinancingDesk.State.Repaid;
        its.accruals.late = 0;
        if (its.usage.flags & CLAIMED == 0) return;
        FacilityRecord storage facility_ = _facilityOf(its);
        if (FinancingId.unwrap(facility_.covenants.recourseTo) != FinancingId.unwrap(id)) return;
        _holdTo(facility_, FinancingId.wrap(0));
        emit IFinancingDesk.RecourseClosed(FacilityId.wrap(its.anchor.facility), id);
    }
}
