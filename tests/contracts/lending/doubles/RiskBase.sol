// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NetworkAccessManager} from "../../../../contracts/access/NetworkAccessManager.sol";
import {ParticipantRegistry} from "../../../../contracts/access/ParticipantRegistry.sol";
import {CashToken} from "../../../../contracts/money/CashToken.sol";
import {Offices, Roles} from "../../../../contracts/types/Roles.sol";
import {Leis} from "../../support/Leis.sol";
import {Test} from "forge-std/Test.sol";

/// @title Access and money, no more: what risk is counted and shared with needs neither goods nor invoices.
abstract contract RiskBase is Test {
    uint256 internal constant START = 1_777_896_000;
    uint40 internal constant KYC_EXPIRES = uint40(START + 20 * 365 days);

    NetworkAccessManager internal manager;
    ParticipantRegistry internal registry;
    CashToken internal euro;
    bytes20 internal operatorLei;
    address internal operator;
    address internal stranger = makeAddr("stranger");

    uint256 private _payments;

    function setUp() public virtual {
        vm.warp(START);
        manager = new NetworkAccessManager(address(this), 2 days);
        manager.grantRole(Offices.GOVERNOR, address(this), 0);
        manager.grantRole(Offices.REGISTRAR, address(this), 0);
        manager.grantRole(Offices.CASH_ISSUER, address(this), 0);
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        manager.grantRole(Offices.SERVICER, address(this), 0);
        registry = new ParticipantRegistry(address(manager));
        _allow(registry.registerOrganisation.selector, address(registry), Offices.REGISTRAR);
        _allow(registry.admitAccount.selector, address(registry), Offices.REGISTRAR);
        _allow(registry.freezeAccount.selector, address(registry), Offices.REGISTRAR);
        _allow(registry.unfreezeAccount.selector, address(registry), Offices.REGISTRAR);
        euro = _deployCash("EUR");
        (operatorLei, operator) = _admit("OPERATOR", Roles.NETWORK | Roles.SUPERVISOR);
    }

    function _deployCash(bytes3 currency) internal returns (CashToken cash) {
        cash = new CashToken("Portolan cash", "pCASH", currency, 2, registry, address(manager));
        _allow(cash.issue.selector, address(cash), Offices.CASH_ISSUER);
        _allow(cash.withdraw.selector, address(cash), Offices.CASH_ISSUER);
    }

    function _allow(bytes4 selector, address target, uint64 office) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, office);
    }

    function _admit(string memory name, uint32 roles) internal returns (bytes20 lei, address account) {
        (lei, account) = (Leis.make(name), makeAddr(name));
        registry.registerOrganisation(lei, bytes20(0), "DE", roles, KYC_EXPIRES);
        registry.admitAccount(lei, account);
    }

    function _issue(address to, uint256 amount) internal {
        euro.issue(to, amount, keccak256(abi.encode("payment", ++_payments)));
    }
}
