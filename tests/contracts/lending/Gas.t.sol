// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {console} from "forge-std/console.sol";

/// @title What the main operations cost as whole transactions: each call runs in its own, so that storage is cold and
/// calldata counts. Budgets are ceilings that catch a regression, not targets. Run with -vv to see the figures.
/// forge-config: default.isolate = true
contract GasTest is LendingBase {
    function test_attestWithThreeSignaturesToCash() public {
        oracle.setPolicy(
            Milestones.DEPARTED,
            IMilestoneOracle.Policy(3, uint8(Roles.ORACLE_ROLES), uint8(Roles.CARRIER), 50, 90 days, 300, 0)
        );
        _open();
        // A supplier that has held cash and a pool that has lent before: the ordinary case.
        _openOnOrder();
        (IMilestoneOracle.Observation[] memory observations,) =
            _signed(carrier, inspector, SHIPMENT, Milestones.DEPARTED, 1, uint64(QUANTITY));
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        votes[0] = _vote(carrier, observations, 1);
        votes[1] = _vote(inspector, observations, 1);
        votes[2] = _vote(warehouse, observations, 1);
        oracle.attest(observations, votes);
        _within("attest (3 signatures) -> base -> draw -> cash", 240_000);
        assertGt(euro.balanceOf(supplier), 3_000_000);
    }

    function test_repayAndWaterfall() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        vm.warp(START + 30 days);
        _fundAndApprove(supplier, 1_000_000, address(desk));
        vm.prank(supplier);
        desk.repay(id, 1_000_000);
        _within("repay in part", 150_000);

        _fundAndApprove(debtor, FACE_VALUE, address(receivables));
        vm.startPrank(debtor);
        receivables.pay(_invoice(), 1_000_000);
        _within("debtor pays in part -> claim -> waterfall -> pool", 300_000);
        receivables.pay(_invoice(), FACE_VALUE - 1_000_000);
        _within("debtor pays the rest -> claim -> waterfall -> pool and supplier", 300_000);
        vm.stopPrank();
    }

    function test_openingAndReleasing() public {
        _registerAndAccept();
        _openSubject();
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        FinancingId id = desk.openFinancing(facility, invoices, ITEM, FACE_VALUE, SHIPMENT);
        _within("open a financing on an invoice", 480_000);
        desk.release(id);
        _within("release", 200_000);
        vm.stopPrank();
    }

    function test_orders() public {
        FinancingId id = _openOnOrder();
        _within("open a financing on an order, with its first draw", 600_000);
        assertGt(desk.financing(id).principal, 0);
        _fundAndApprove(debtor, 1_000_000, address(escrow));
        vm.prank(debtor);
        escrow.payOrder(_orderTerms().id, 1_000_000);
        _within("buyer pays in part -> waterfall -> pool", 300_000);
    }

    function test_lenders() public {
        _fundAndApprove(granite, 1_000_000, address(vault));
        vm.startPrank(granite);
        vault.deposit(500_000, granite);
        _within("deposit, new lender", 150_000);
        vault.deposit(500_000, granite);
        _within("deposit, known lender", 130_000);
        vault.withdraw(100_000, granite, granite);
        _within("withdraw", 130_000);
        vm.stopPrank();
    }

    function _within(string memory operation, uint256 budget) private view {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        console.log(operation, used);
        assertLe(used, budget, operation);
    }
}
