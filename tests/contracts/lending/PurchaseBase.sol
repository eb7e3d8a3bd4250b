// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DrawPurposes} from "../../../contracts/lending/DrawPurposes.sol";
import {PurchaseCollateral} from "../../../contracts/lending/PurchaseCollateral.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title What buyers finance their purchases by: Acme, who sells to others, buys here.
abstract contract PurchaseBase is LendingBase {
    PurchaseCollateral internal purchases;
    DrawPurposes internal purposes;

    /// @dev Purposes are not set: a test that lends does so.
    function _deployPurchases() internal {
        purposes = new DrawPurposes(desk, receivables, escrow, registry);
        purchases = new PurchaseCollateral(escrow, oracle, desk, address(applications), registry);
        registry.admitAccount(operator.lei, address(purposes));
        registry.admitAccount(operator.lei, address(purchases));
        registry.setRoles(acme.lei, Roles.SUPPLIER | Roles.DEBTOR);
        escrow.listAssignee(address(purchases), true);
        desk.listCollateral(purchases, true);
    }

    function _acceptedOnly(uint16 rateBps) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](1);
        steps[0] = ICollateral.Step(Milestones.ACCEPTED, rateBps, false);
    }
}
