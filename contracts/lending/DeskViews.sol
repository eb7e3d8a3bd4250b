// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IDrawPurposes} from "./interfaces/IDrawPurposes.sol";
import {IFinancingCover} from "./interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";

/// @title What may be read of the desk.
abstract contract DeskViews is IFinancingDesk, FinancingBook {
    // Listings

    /// @inheritdoc IFinancingDesk
    function concentration() external view returns (IConcentration) {
        return _concentration;
    }

    /// @inheritdoc IFinancingDesk
    function servicing() external view returns (address) {
        return _servicing;
    }

    /// @inheritdoc IFinancingDesk
    function applications() external view returns (address) {
        return _applications;
    }

    /// @inheritdoc IFinancingDesk
    function cover() external view returns (IFinancingCover) {
        return _cover;
    }

    /// @inheritdoc IFinancingDesk
    function purposes() external view returns (IDrawPurposes) {
        return _purposes;
    }

    /// @inheritdoc IFinancingDesk
    function isStopped(Stoppable what) external view returns (bool) {
        return _isStopped[what];
    }

    /// @inheritdoc IFinancingDesk
    function isPoolListed(IFundingSource pool) external view returns (bool) {
        return _isPoolListed[pool];
    }

    /// @inheritdoc IFinancingDesk
    function isCollateralListed(ICollateral collateral) external view returns (bool) {
        return _isCollateralListed[collateral];
    }

    // Facilities

    /// @inheritdoc IFinancingDesk
    function facilityCount() external view returns (uint256) {
        return _facilityCount;
    }

    /// @inheritdoc IFinancingDesk
    function commitmentDue(FacilityId id) external view returns (uint256) {
        return Accrual.interestUp(_commitment(_known(id)));
    }

    // Financings

    /// @inheritdoc IFinancingDesk
    function financingCount() external view returns (uint256) {
        return _financingCount;
    }

    /// @inheritdoc IFinancingDesk
    function owed(FinancingId id) external view returns (Waterfall.Claims memory) {
        return _claims(_current(id));
    }
}
