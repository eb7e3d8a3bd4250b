// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";

/// @title What a payment changes in the books, wherever its money comes from.
abstract contract PaymentBook is FinancingBook {
    /// @param toPool minor units of the parts that go to the source of money: all but the residual
    /// @param owed_ minor units in all before the payment
    /// @return receipt what the source of money is to book
    function _bookPayment(
        FinancingId id,
        Account memory its,
        Waterfall.Split memory parts,
        uint256 toPool,
        uint256 owed_
    ) internal returns (IFundingSource.Receipt memory receipt) {
        emit IFinancingDesk.Repaid(id, msg.sender, parts, owed_ - toPool);
        if (toPool == 0) return receipt;
        _write(receipt, its, parts);
        (Debt memory debt, Accruals memory accruals) = (its.debt, its.accruals);
        // The casts are safe, and nothing falls below zero: no part is more than its claim.
        unchecked {
            debt.feesDue -= uint48(parts.fees);
            debt.principal -= uint48(parts.principal);
            debt.reserveDue -= uint48(parts.reserve);
            accruals.interest -= uint96(receipt.settledNumerator);
            accruals.late -= uint96(Accrual.settledBy(parts.lateFees, accruals.late));
            accruals.writtenOff -= uint48(parts.recovered);
        }
        if (toPool == owed_) _finish(id, its);
        _store(id, its);
        _free(its, parts.principal + parts.recovered);
    }

    function _write(IFundingSource.Receipt memory receipt, Account memory its, Waterfall.Split memory parts)
        private
        pure
    {
        receipt.lateFees = parts.lateFees;
        receipt.fees = parts.fees;
        receipt.interest = parts.interest;
        receipt.settledNumerator = Accrual.settledBy(parts.interest, its.accruals.interest);
        receipt.principal = parts.principal;
        receipt.weight = Accrual.weightOf(parts.principal, its.line.discountRateBps, its.usage.dayCount);
        receipt.recovered = parts.recovered;
        receipt.reserve = parts.reserve;
        receipt.dayCount = its.usage.dayCount;
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
