// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../inventory/interfaces/IGoodsRights.sol";
import {Parts} from "../libraries/Parts.sol";
import {FacilityId, FinancingId, LotId} from "../types/Ids.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IInventoryCollateral} from "./interfaces/IInventoryCollateral.sol";

/// @title The adapter's functions by which goods change and are sold, whose code lies in two contracts of their own. They
/// run on the adapter's storage, with its caller; the addresses are fixed when the adapter is made.
/// @dev Parameters have no names here: the parts read the call's data as it came.
abstract contract InventoryParts is IInventoryCollateral, Parts {
    address private immutable _changes;
    address private immutable _sales;

    constructor(address changes, address sales) {
        require(changes.code.length != 0, PartHasNoCode(changes));
        require(sales.code.length != 0, PartHasNoCode(sales));
        (_changes, _sales) = (changes, sales);
    }

    // Ladders

    /// @inheritdoc ICollateral
    function setLadder(FacilityId, Step[] calldata) external {
        _run(_changes);
    }

    /// @inheritdoc ICollateral
    function changeLadder(FinancingId, FacilityId, Step[] calldata) external {
        _run(_changes);
    }

    // Changes

    /// @inheritdoc IInventoryCollateral
    function setMarginTerms(FacilityId, MarginTerms calldata) external {
        _run(_changes);
    }

    /// @inheritdoc IInventoryCollateral
    function substituteGoods(FinancingId, LotId, uint256, LotId, uint256) external {
        _run(_changes);
    }

    /// @inheritdoc IInventoryCollateral
    function payAndRelease(FinancingId, uint256, LotId, uint256) external returns (uint256) {
        _run(_changes);
    }

    /// @inheritdoc IInventoryCollateral
    function orderRelease(FinancingId, IGoodsRights.ReleaseOrder calldata, bytes calldata, address, bytes calldata)
        external
    {
        _run(_changes);
    }

    /// @inheritdoc IInventoryCollateral
    function dropLot(FinancingId, LotId) external {
        _run(_changes);
    }

    // Sales

    /// @inheritdoc IInventoryCollateral
    function offerGoods(Offer calldata) external returns (bytes32) {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function withdrawOffer(Offer calldata) external {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function buyGoods(Offer calldata) external {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function bid(FinancingId, LotId, uint256, uint256) external returns (uint256) {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function callMargin(FinancingId) external returns (uint256) {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function endCall(FinancingId) external {
        _run(_sales);
    }

    /// @inheritdoc IInventoryCollateral
    function startSale(FinancingId) external returns (uint256) {
        _run(_sales);
    }
}
