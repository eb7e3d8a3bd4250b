// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConversions} from "../../../contracts/lending/interfaces/IConversions.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrderMatch} from "../../../contracts/settlement/OrderMatch.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @title No consignment is an order's.
contract NoOrders {
    function orderOfSubject(bytes32) external pure returns (uint256) {
        return 0;
    }
}

/// @title What a base costs with every storage slot cold: three of the pledge, one of the invoice, two facts; and what the
/// desk's callback pays, which brings the consignment along and finds its fact warm. The test contract stands in for the
/// desk. The ladder has two steps, the upper one measured.
contract BaseGasTest is Network {
    FinancingId private constant ID = FinancingId.wrap(1);
    /// @dev 31,112 when an item had one pledge, its ladder a slot of its own and a fact a policy to look up; 21,700 before the
    /// oracle looked whether the goods are lost, one slot more.
    uint256 private constant BUDGET = 23_800;
    uint256 private constant CALLBACK_BUDGET = 16_500;
    /// @dev A measured step asks for a second delivery, of which nothing is known and nothing warm.
    uint256 private constant SECOND_DELIVERY = 3000;

    ReceivableCollateral private invoices;

    function setUp() public override {
        super.setUp();
        IFinancingDesk desk = IFinancingDesk(address(this));
        OrderMatch matching =
            new OrderMatch(IOrderEscrow(address(new NoOrders())), receivables, oracle, registry, address(manager));
        // Everything is in euros: nothing is ever asked of it.
        IConversions conversions = IConversions(address(this));
        invoices = new ReceivableCollateral(receivables, oracle, desk, address(this), registry, matching, conversions);
        registry.admitAccount(operator.lei, address(invoices));
        receivables.listCustodian(address(invoices));
        _setPolicy(Milestones.DEPARTED, Roles.CARRIER);
        _setPolicy(Milestones.RECEIVED, Roles.WAREHOUSE);
        ICollateral.Step[] memory steps = new ICollateral.Step[](2);
        steps[0] = ICollateral.Step(Milestones.DEPARTED, 6000, false);
        steps[1] = ICollateral.Step(Milestones.RECEIVED, 8000, true);
        FacilityId line = FacilityId.wrap(1);
        invoices.setLadder(line, steps);
        _registerAndAccept();
        _openSubject();
        vm.prank(acme.account);
        receivables.setApprovalForAll(address(invoices), true);
        uint256 item = ReceivableId.unwrap(INVOICE);
        invoices.take(ID, line, acme.account, item, FACE_VALUE, SHIPMENT, address(euro));
        _attest(carrier, Milestones.DEPARTED, uint64(QUANTITY));
    }

    function test_baseOnTheLowerStep() public {
        _measure(6_000_000, CALLBACK_BUDGET);
    }

    function test_baseOnTheMeasuredStep() public {
        _attest(warehouse, Milestones.RECEIVED, uint64(QUANTITY / 2));
        _measure(4_000_000, CALLBACK_BUDGET + SECOND_DELIVERY);
    }

    function _measure(uint256 expected, uint256 callbackBudget) private {
        assertEq(invoices.borrowingBase(ID), expected);
        assertEq(invoices.borrowingBaseOf(ID, SHIPMENT), expected);
        _cool();
        uint256 left = gasleft();
        invoices.borrowingBase(ID);
        uint256 used = left - gasleft();
        assertLe(used, BUDGET);
        assertGt(used, 12_000, "six slots were cold");

        _cool();
        // As in the callback: the oracle has just written the facts.
        oracle.standing(SHIPMENT, Milestones.RECEIVED, 1);
        oracle.standing(SHIPMENT, Milestones.DEPARTED, 1);
        left = gasleft();
        invoices.borrowingBaseOf(ID, SHIPMENT);
        used = left - gasleft();
        assertLe(used, callbackBudget);
    }

    function _cool() private {
        vm.cool(address(invoices));
        vm.cool(address(receivables));
        vm.cool(address(oracle));
    }

    function _setPolicy(uint32 milestone, uint32 role) private {
        oracle.setPolicy(milestone, IMilestoneOracle.Policy(1, uint8(role), uint8(role), 50, 90 days, 300, 0));
    }
}
