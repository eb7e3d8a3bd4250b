// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsValuation} from "../inventory/interfaces/IGoodsValuation.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {IConditionGrades} from "../oracle/interfaces/IConditionGrades.sol";
import {FinancingId, LotId} from "../types/Ids.sol";
import {InventoryBook} from "./InventoryBook.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";

/// @title What goods have to pass that come to a running financing, whether added or exchanged for others.
abstract contract InventoryAdditions is InventoryBook {
    IConditionGrades private immutable _grades;

    constructor() {
        _grades = valuation.grades();
    }

    /// @return isAlike whether it is valued as the lot that the financing was opened on is
    function _addLot(FinancingId financing, Pledge storage its, LotId lot) internal returns (bool isAlike) {
        uint8 count = its.lots;
        require(count < MOST_LOTS, IInventoryCollateral.TooManyLots(financing, MOST_LOTS));
        its.lotIds[count] = lot;
        its.lots = count + 1;

        (bytes32 subject, bytes32 first, bytes8 commodity, bool alike) = goods.compare(lot, its.lotIds[0]);
        if (subject != first) {
            desk.watchAlso(financing, subject, true);
            _enrol(lot, subject, commodity);
        }
        return alike;
    }

    /// @dev The grades are asked first: measured, 13,000 gas less where the consignment is graded already.
    function _enrol(LotId lot, bytes32 subject, bytes8 commodity) private {
        IConditionGrades.Lot memory graded = _grades.lot(subject);
        if (graded.rulesVersion == 0 || graded.commodity != commodity) valuation.enrol(lot);
    }

    /// @dev A lot may not have been graded yet; once it is, what was measured before counts.
    function _knownValueOf(FinancingId financing, Pledge storage its, LotId lot) internal returns (uint256) {
        IGoodsValuation.Valuation memory one = _valuationOf(its, lot);
        if (one.gap == IGoodsValuation.Gap.Condition) {
            valuation.enrol(lot);
            one = _valuationOf(its, lot);
        }
        require(one.gap == IGoodsValuation.Gap.None, IInventoryCollateral.GoodsUnvaluable(financing, one.gap));
        if (its.deadline != 0) _noteMark(financing, lot, one);
        return one.value;
    }

    /// @dev While other goods cannot be valued, what could be lent when they last could grows by the goods that came in.
    function _noteAdded(Pledge storage its, uint256 value) internal {
        IInventoryCollateral.Worth memory worth = _worthOf(its);
        bool known = worth.gap == IGoodsValuation.Gap.None;
        uint256 more = Rounding.bpsDown(value, its.rateBps);
        its.sale.lastBase = _capped(known ? Rounding.bpsDown(worth.value, its.rateBps) : its.sale.lastBase + more);
    }
}
