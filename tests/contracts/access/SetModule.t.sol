// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDirectory} from "../../../contracts/access/interfaces/IDirectory.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetModule is Network {
    bytes32 private constant NAME = "ReceivableToken";

    function test_anyone_but_the_governor_is_refused() public {
        vm.prank(acme.account);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account));
        directory.setModule(NAME, address(receivables));
    }

    function test_a_nameless_module_is_refused() public {
        vm.expectRevert(IDirectory.ModuleNameMissing.selector);
        directory.setModule(0, address(receivables));
    }

    function test_an_address_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IDirectory.ModuleHasNoCode.selector, NAME, acme.account));
        directory.setModule(NAME, acme.account);
        vm.expectRevert(abi.encodeWithSelector(IDirectory.ModuleHasNoCode.selector, NAME, address(0)));
        directory.setModule(NAME, address(0));
    }

    function test_an_unknown_name_is_never_the_zero_address() public {
        vm.expectRevert(abi.encodeWithSelector(IDirectory.ModuleUnknown.selector, NAME));
        directory.moduleOf(NAME);
    }

    function test_a_name_follows_its_module() public {
        directory.setModule(NAME, address(receivables));
        vm.expectEmit(address(directory));
        emit IDirectory.ModuleChanged(NAME, address(receivables), address(oracle));
        directory.setModule(NAME, address(oracle));

        assertEq(directory.moduleOf(NAME), address(oracle));
        assertEq(directory.names().length, 1);
        assertEq(directory.names()[0], NAME);
    }
}
