// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FacilityId, FinancingId} from "../../../../contracts/types/Ids.sol";
import {CashDouble} from "./CashDouble.sol";

/// @title A desk that takes what an adapter hands over, or refuses it, as the test says.
contract DeskDouble {
    CashDouble public immutable cash;
    mapping(FinancingId => uint256) public received;
    mapping(FinancingId => bool) public refuses;
    mapping(ICollateral => bool) public isCollateralListed;
    mapping(FinancingId => ICollateral) private _collateral;
    mapping(FacilityId => address) private _suppliers;
    uint64 public financingCount;

    constructor(CashDouble cash_) {
        cash = cash_;
    }

    function refuse(FinancingId financing, bool refused) external {
        refuses[financing] = refused;
    }

    function setLadder(ICollateral collateral, FacilityId line, ICollateral.Step[] calldata steps) external {
        collateral.setLadder(line, steps);
    }

    function take(
        ICollateral collateral,
        FinancingId financing,
        FacilityId line,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external returns (uint16 maturityDay, IConcentration.Keys memory keys) {
        _collateral[financing] = collateral;
        return collateral.take(financing, line, pledgor, itemId, units, subject, address(cash));
    }

    function release(FinancingId financing, address to) external {
        _collateral[financing].release(financing, to);
    }

    function grant(FacilityId line, address supplier) external {
        _suppliers[line] = supplier;
    }

    function listCollateral(ICollateral collateral) external {
        isCollateralListed[collateral] = true;
    }

    // What the applications contract calls

    function facility(FacilityId id) external view returns (IFinancingDesk.Facility memory its) {
        its.terms.supplier = _suppliers[id];
    }

    function openFinancingFor(
        address supplier,
        FacilityId id,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external returns (FinancingId financing) {
        address granted = _suppliers[id];
        require(supplier == granted, IFinancingDesk.NotSupplierOf(id, supplier, granted));
        financing = FinancingId.wrap(++financingCount);
        _collateral[financing] = collateral;
        collateral.take(financing, id, supplier, itemId, units, subject, address(cash));
    }

    // What the adapter calls

    function applyProceeds(FinancingId financing, uint256 amount) external returns (uint256, uint256) {
        require(!refuses[financing], "not now");
        require(msg.sender == address(_collateral[financing]), "another adapter's");
        cash.transferFrom(msg.sender, address(this), amount);
        received[financing] += amount;
        return (amount, 0);
    }
}
