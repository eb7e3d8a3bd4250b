// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @title A euro pool and its vault in the network, lent from by a desk that the heirs choose; two lenders.
abstract contract PoolBase is Network {
    uint16 internal constant RATE_BPS = 900;

    LendingPool internal pool;
    TrancheVault internal vault;
    address internal supplier;
    address internal debtor;
    address internal cobalt;
    address internal granite;
    address internal treasury;
    address internal stranger = makeAddr("stranger");

    function _deployPool(IFinancingDesk desk) internal {
        (supplier, debtor, cobalt, treasury) = (acme.account, borealis.account, lender.account, operator.account);
        granite = _admit("GRANITEFUND", Roles.LENDER).account;
        for (uint24 id = 1; id <= 8; ++id) {
            registry.renewKyc(registry.organisation(OrganisationId.wrap(id)).lei, uint40(START + 20 * 365 days));
        }
        manager.grantRole(Offices.SERVICER, address(this), 0);
        pool = new LendingPool(euro, desk, address(manager));
        vault = new TrancheVault(pool, registry, "Portolan euro shares", "psEUR");
        _allow(pool.setVault.selector, address(pool), Offices.GOVERNOR);
        _allow(pool.takeFees.selector, address(pool), Offices.SERVICER);
        pool.setVault(address(vault));
        registry.admitAccount(operator.lei, address(pool));
        registry.admitAccount(operator.lei, address(vault));
    }

    function _fundAndApprove(address who, uint256 amount, address spender) internal {
        _issue(euro, who, amount);
        vm.prank(who);
        euro.approve(spender, type(uint256).max);
    }

    function _deposit(address who, uint256 assets) internal returns (uint256 shares) {
        _fundAndApprove(who, assets, address(vault));
        vm.prank(who);
        return vault.deposit(assets, who);
    }
}

/// @title The same with the test contract as the desk, to bring the pool into any state.
abstract contract BarePoolBase is PoolBase {
    function setUp() public virtual override {
        super.setUp();
        _deployPool(IFinancingDesk(address(this)));
        registry.admitAccount(operator.lei, address(this));
    }

    function _lend(uint256 amount) internal {
        pool.disburse(supplier, amount, amount * RATE_BPS);
    }

    /// @notice Brings new money to the pool and books it.
    function _collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 fees) internal {
        uint256 amount = interest + principal + fees;
        if (amount != 0) _issue(euro, address(pool), amount);
        pool.collect(interest, settledNumerator, principal, principal * RATE_BPS, fees);
    }
}
