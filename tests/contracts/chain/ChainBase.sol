// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {OrderCollateral} from "../../../contracts/lending/OrderCollateral.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {FacilityId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "../lending/LendingBase.sol";
import {PurchaseBase} from "../lending/PurchaseBase.sol";
import {StockBase} from "../lending/StockBase.sol";

/// @title The whole network at once: Acme and Juniper sell to Borealis and Kestrel, Juniper sells to Acme, and two pools
/// lend on orders, purchases, goods and invoices. Acme has a spare lot that it may add to others.
abstract contract ChainBase is StockBase, PurchaseBase {
    LendingPool[2] internal pools;
    FirstLossReserve[2] internal reserves;
    FacilityId[2][2] internal plain;
    FacilityId[2] internal earmarked;
    address[2] internal sellers;
    address[2] internal debtors;
    HealthCheck internal health;

    function setUp() public virtual override(StockBase, LendingBase) {
        super.setUp();
        _deployEscrow();
        _deployPurchases();
        desk.setPurposes(purposes);
        lots.listCustodian(address(escrow));
        Party memory kestrel = _admit("KESTRELMARKETS", Roles.DEBTOR | Roles.CONSIGNEE);
        (sellers, debtors) = ([supplier, buyer], [debtor, kestrel.account]);
        _openSecondPool();
        for (uint256 i; i < 2; ++i) {
            plain[0][i] = _line(sellers[0], i, false);
            plain[1][i] = _line(sellers[1], i, false);
            earmarked[i] = _line(sellers[0], i, true);
        }
        _permit();
        ILendingPool[] memory all = new ILendingPool[](2);
        (all[0], all[1]) = (pools[0], pools[1]);
        health = new HealthCheck(desk, all);
    }

    /// @dev One that hands over goods, and what keeps its orders and the invoices matched with them.
    function _deployEscrow() private {
        escrow = _newEscrow(lots);
        matching = _newMatch(escrow);
        orders = new OrderCollateral(escrow, oracle, desk, address(applications), registry);
        invoices =
            new ReceivableCollateral(receivables, oracle, desk, address(applications), registry, matching, conversions);
        registry.admitAccount(operator.lei, address(orders));
        registry.admitAccount(operator.lei, address(invoices));
        receivables.listCustodian(address(invoices));
        escrow.listAssignee(address(orders), true);
        desk.listCollateral(orders, true);
        desk.listCollateral(invoices, true);
    }

    function _openSecondPool() private {
        (LendingPool pool_, TrancheVault senior_, TrancheVault junior_, FirstLossReserve reserve_) =
            _deployPool(euro, 300, 2000);
        (pools, reserves) = ([pool, pool_], [reserve, reserve_]);
        _fundTranche(junior_, cobalt, JUNIOR_FUNDED);
        _fundTranche(senior_, granite, SENIOR_FUNDED);
    }

    function _line(address who, uint256 source, bool isEarmarked) private returns (FacilityId id) {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.supplier, terms.pool, terms.earmarked) = (who, pools[source], isEarmarked);
        id = _openFacility(terms);
        desk.setLadder(id, stock, _stored(RATE));
        stock.setMarginTerms(id, _margin());
        if (isEarmarked) desk.setLadder(id, purchases, _acceptedOnly(6000));
    }

    function _permit() private {
        address[5] memory payers = [supplier, buyer, debtors[0], debtors[1], cobalt];
        address[4] memory payees = [address(escrow), address(receivables), address(desk), address(stock)];
        for (uint256 i; i < 20; ++i) {
            vm.prank(payers[i / 4]);
            euro.approve(payees[i % 4], type(uint256).max);
        }
        for (uint256 i; i < 2; ++i) {
            vm.startPrank(sellers[i]);
            lots.engageOperator(warehouse.id, true);
            lots.setApprovalForAll(address(stock), true);
            lots.setApprovalForAll(address(escrow), true);
            lots.setPowerOfSale(address(stock), true);
            lots.setPowerOfSale(address(escrow), true);
            receivables.setApprovalForAll(address(invoices), true);
            vm.stopPrank();
        }
    }
}
