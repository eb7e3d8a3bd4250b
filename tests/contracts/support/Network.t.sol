// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "../../../contracts/access/Directory.sol";
import {NetworkAccessManager} from "../../../contracts/access/NetworkAccessManager.sol";
import {ParticipantRegistry} from "../../../contracts/access/ParticipantRegistry.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {ReceivableDisputes} from "../../../contracts/receivables/ReceivableDisputes.sol";
import {ReceivableOffices} from "../../../contracts/receivables/ReceivableOffices.sol";
import {ReceivableToken} from "../../../contracts/receivables/ReceivableToken.sol";
import {ReceivableWorkouts} from "../../../contracts/receivables/ReceivableWorkouts.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {OrganisationId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Leis} from "./Leis.sol";
import {Test} from "forge-std/Test.sol";

/// @title A network at noon on 4 May 2026: the contracts of access, money, receivables and oracle, and a party of every
/// role. The test contract is the deployer, who governs without delay because nothing has been handed over yet.
abstract contract Network is Test {
    struct Party {
        bytes20 lei;
        OrganisationId id;
        address account;
        uint256 key;
    }

    uint256 internal constant START = 1_777_896_000;
    uint40 internal constant KYC_EXPIRES = uint40(START + 365 days);
    uint256 internal constant FACE_VALUE = 10_000_000;
    uint256 internal constant QUANTITY = 1_000_000;
    uint256 internal constant DUE_DATE = START / 1 days + 60;
    ReceivableId internal constant INVOICE = ReceivableId.wrap(uint256(keccak256("Acme 2026-0815")));
    bytes32 internal constant SHIPMENT = keccak256("HAM26051234");

    NetworkAccessManager internal manager;
    ParticipantRegistry internal registry;
    Directory internal directory;
    CashToken internal euro;
    CashToken internal dollar;
    ReceivableToken internal receivables;
    ReceivableDisputes internal disputes;
    MilestoneOracle internal oracle;

    Party internal operator;
    Party internal acme;
    Party internal borealis;
    Party internal lender;
    Party internal carrier;
    Party internal warehouse;
    Party internal inspector;

    uint256 private _payments;

    function setUp() public virtual {
        vm.warp(START);
        _deployAccess();
        operator = _admit("OPERATOR", Roles.NETWORK | Roles.SUPERVISOR);
        acme = _admit("ACMESUPPLIES", Roles.SUPPLIER);
        borealis = _admit("BOREALISRETAIL", Roles.DEBTOR | Roles.CONSIGNEE);
        lender = _admit("COBALTCREDIT", Roles.LENDER);
        carrier = _admit("DELTALINES", Roles.CARRIER);
        warehouse = _admit("EMBERSTORAGE", Roles.WAREHOUSE);
        inspector = _admit("FATHOMSURVEY", Roles.INSPECTOR);
        euro = _deployCash("Portolan Euro", "pEUR", "EUR");
        dollar = _deployCash("Portolan Dollar", "pUSD", "USD");
        _deployReceivables();
        _deployOracle();
    }

    // Set-up

    function _deployAccess() internal {
        manager = new NetworkAccessManager(address(this), 2 days);
        manager.grantRole(Offices.GOVERNOR, address(this), 0);
        manager.grantRole(Offices.REGISTRAR, address(this), 0);
        manager.grantRole(Offices.GUARDIAN, address(this), 0);
        manager.grantRole(Offices.CASH_ISSUER, address(this), 0);
        manager.grantRole(Offices.ARBITER, address(this), 0);
        registry = new ParticipantRegistry(address(manager));
        directory = new Directory(address(manager));
        _allow(directory.setModule.selector, address(directory), Offices.GOVERNOR);
        bytes4[] memory writes = new bytes4[](9);
        writes[0] = registry.registerOrganisation.selector;
        writes[1] = registry.setRoles.selector;
        writes[2] = registry.renewKyc.selector;
        writes[3] = registry.suspendOrganisation.selector;
        writes[4] = registry.reinstateOrganisation.selector;
        writes[5] = registry.admitAccount.selector;
        writes[6] = registry.removeAccount.selector;
        writes[7] = registry.freezeAccount.selector;
        writes[8] = registry.unfreezeAccount.selector;
        manager.setTargetFunctionRole(address(registry), writes, Offices.REGISTRAR);
    }

    function _deployCash(string memory name, string memory symbol, bytes3 currency) internal returns (CashToken cash) {
        cash = new CashToken(name, symbol, currency, 2, registry, address(manager));
        _allow(cash.issue.selector, address(cash), Offices.CASH_ISSUER);
        _allow(cash.withdraw.selector, address(cash), Offices.CASH_ISSUER);
    }

    function _deployReceivables() internal {
        receivables = _newReceivables();
        disputes = new ReceivableDisputes(receivables, registry, address(manager));
        registry.admitAccount(operator.lei, address(receivables));
        _allow(receivables.listCurrency.selector, address(receivables), Offices.GOVERNOR);
        _allow(receivables.listCustodian.selector, address(receivables), Offices.GOVERNOR);
        _allow(receivables.setCirculationRules.selector, address(receivables), Offices.GOVERNOR);
        _allow(receivables.setDisputes.selector, address(receivables), Offices.GOVERNOR);
        _allow(receivables.stop.selector, address(receivables), Offices.GUARDIAN);
        _allow(receivables.resume.selector, address(receivables), Offices.GOVERNOR);
        _allow(disputes.resolve.selector, address(disputes), Offices.ARBITER);
        receivables.setDisputes(address(disputes));
        receivables.listCurrency(euro);
        receivables.listCurrency(dollar);
    }

    /// @return a token with its two parts, not wired to anything
    function _newReceivables() internal returns (ReceivableToken) {
        address offices = address(new ReceivableOffices(registry, address(manager)));
        address workouts = address(new ReceivableWorkouts(registry, address(manager)));
        return new ReceivableToken(registry, _circulationRules(), offices, workouts, address(manager));
    }

    function _deployOracle() internal {
        oracle = new MilestoneOracle(registry, address(manager));
        _allow(oracle.setPolicy.selector, address(oracle), Offices.GOVERNOR);
        _allow(oracle.listConsumer.selector, address(oracle), Offices.GOVERNOR);
    }

    function _allow(bytes4 selector, address target, uint64 office) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, office);
    }

    // Parties

    function _admit(string memory name, uint32 roles) internal returns (Party memory) {
        return _admitIn(name, bytes20(0), roles);
    }

    /// @param groupLei zero for an organisation of its own
    function _admitIn(string memory name, bytes20 groupLei, uint32 roles) internal returns (Party memory party) {
        party.lei = Leis.make(name);
        (party.account, party.key) = makeAddrAndKey(name);
        party.id = registry.registerOrganisation(party.lei, groupLei, "DE", roles, KYC_EXPIRES);
        registry.admitAccount(party.lei, party.account);
    }

    function _issue(CashToken cash, address to, uint256 amount) internal {
        cash.issue(to, amount, keccak256(abi.encode("payment", ++_payments)));
    }

    // Receivables: Acme Supplies invoices Borealis Retail 100,000.00 EUR for 1,000 pieces at 60 days

    /// @dev Wide enough for every test that is not about the rules.
    function _circulationRules() internal view virtual returns (ICirculation.CirculationRules memory) {
        return ICirculation.CirculationRules(1826, 1826, 5, 100, 1, 30);
    }

    function _terms() internal view returns (IReceivableToken.RegisterTerms memory) {
        return IReceivableToken.RegisterTerms(INVOICE, borealis.account, "EUR", FACE_VALUE, QUANTITY, DUE_DATE, 0);
    }

    function _acceptance() internal pure returns (IReceivableToken.Acceptance memory) {
        return IReceivableToken.Acceptance(INVOICE, FACE_VALUE, QUANTITY, DUE_DATE, true);
    }

    function _register() internal {
        vm.prank(acme.account);
        receivables.register(_terms());
    }

    function _registerAndAccept() internal {
        _register();
        vm.prank(borealis.account);
        receivables.accept(_acceptance());
    }

    function _pay(uint256 amount) internal {
        _issue(euro, borealis.account, amount);
        vm.startPrank(borealis.account);
        euro.approve(address(receivables), amount);
        receivables.pay(INVOICE, amount);
        vm.stopPrank();
    }

    // Facts

    function _openSubject() internal {
        vm.prank(acme.account);
        oracle.openSubject(SHIPMENT, new bytes32[](0));
    }

    function _observation(uint32 milestone, uint64 quantity)
        internal
        view
        returns (IMilestoneOracle.Observation memory)
    {
        return IMilestoneOracle.Observation(SHIPMENT, milestone, 1, uint64(block.timestamp - 1 hours), quantity);
    }

    /// @return the party's vote for every item whose bit is in the mask
    function _vote(Party memory party, IMilestoneOracle.Observation[] memory observations, uint256 mask)
        internal
        view
        returns (IMilestoneOracle.Vote memory)
    {
        bytes32 evidence = keccak256(abi.encode("evidence", party.account));
        (bytes32 r, bytes32 vs) = vm.signCompact(party.key, oracle.attestationDigest(observations, mask, evidence));
        return IMilestoneOracle.Vote(mask, evidence, r, vs);
    }

    /// @notice One party reports one item, alone.
    function _attest(Party memory party, uint32 milestone, uint64 quantity) internal {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        observations[0] = _observation(milestone, quantity);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = _vote(party, observations, 1);
        oracle.attest(observations, votes);
    }
}
