// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @dev Invariant 62: every restricted function by every office; only the listed pairs get past the door.
contract OfficesMatrix is Network {
    struct Door {
        address target;
        bytes call;
        uint64 office;
    }

    Door[] private _doors;
    uint64[] private _offices = [
        Offices.GOVERNOR,
        Offices.GUARDIAN,
        Offices.REGISTRAR,
        Offices.CREDIT_OFFICER,
        Offices.CASH_ISSUER,
        Offices.SERVICER
    ];

    function setUp() public override {
        super.setUp();
        bytes20 lei = acme.lei;
        address account = acme.account;
        _add(address(registry), abi.encodeCall(registry.registerOrganisation, (lei, 0, "DE", 0, 0)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.setRoles, (lei, 0)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.renewKyc, (lei, 0)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.suspendOrganisation, (lei)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.reinstateOrganisation, (lei)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.admitAccount, (lei, account)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.freezeAccount, (account)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.unfreezeAccount, (account)), Offices.REGISTRAR);
        _add(address(registry), abi.encodeCall(registry.removeAccount, (account)), Offices.REGISTRAR);
        _add(address(directory), abi.encodeCall(directory.setModule, ("Cash", address(euro))), Offices.GOVERNOR);
        _add(address(euro), abi.encodeCall(euro.issue, (lender.account, 1, "a")), Offices.CASH_ISSUER);
        _add(address(euro), abi.encodeCall(euro.withdraw, (lender.account, 1, "b")), Offices.CASH_ISSUER);
        _add(address(receivables), abi.encodeCall(receivables.listCurrency, (ICashToken(euro))), Offices.GOVERNOR);
        _add(address(receivables), abi.encodeCall(receivables.listCustodian, (address(euro))), Offices.GOVERNOR);
        _add(address(oracle), abi.encodeCall(oracle.listConsumer, (address(euro), true)), Offices.GOVERNOR);
        IMilestoneOracle.Policy memory policy = IMilestoneOracle.Policy(1, 1, 1, 0, 1, 0, 0);
        _add(address(oracle), abi.encodeCall(oracle.setPolicy, (50, policy)), Offices.GOVERNOR);
    }

    function test_nobody_without_an_office_gets_in() public {
        for (uint256 i = 0; i < _doors.length; ++i) {
            _assertRefused(_doors[i], operator.account);
            _assertRefused(_doors[i], address(0));
        }
    }

    function test_each_office_opens_its_own_doors_and_no_other() public {
        for (uint256 o = 0; o < _offices.length; ++o) {
            address holder = makeAddr(string.concat("office ", vm.toString(_offices[o])));
            bool governs = _offices[o] == Offices.GOVERNOR;
            // Before the hand-over nobody but the deployer, this contract, may govern.
            if (governs) holder = address(this);
            else manager.grantRole(_offices[o], holder, 0);
            if (governs) _leaveOtherOffices();
            for (uint256 i = 0; i < _doors.length; ++i) {
                if (_doors[i].office == _offices[o]) _assertOpen(_doors[i], holder);
                else _assertRefused(_doors[i], holder);
            }
        }
    }

    function test_a_closed_contract_refuses_its_own_office() public {
        for (uint256 i = 0; i < _doors.length; ++i) {
            manager.setTargetClosed(_doors[i].target, true);
            _assertRefused(_doors[i], address(this));
        }
    }

    function _add(address target, bytes memory call, uint64 office) private {
        _doors.push(Door(target, call, office));
    }

    function _leaveOtherOffices() private {
        manager.revokeRole(Offices.REGISTRAR, address(this));
        manager.revokeRole(Offices.CASH_ISSUER, address(this));
    }

    function _assertRefused(Door memory door, address caller) private {
        vm.prank(caller);
        (bool done, bytes memory reason) = door.target.call(door.call);
        assertFalse(done);
        assertEq(reason, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
    }

    /// @dev Past the door a call may still be refused, but for a reason of its own.
    function _assertOpen(Door memory door, address caller) private {
        uint256 before = vm.snapshotState();
        vm.prank(caller);
        (bool done, bytes memory reason) = door.target.call(door.call);
        assertTrue(done || bytes4(reason) != IAccessManaged.AccessManagedUnauthorized.selector);
        vm.revertToState(before);
    }
}
