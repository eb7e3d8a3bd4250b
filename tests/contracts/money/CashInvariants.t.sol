// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {Network} from "../support/Network.t.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Moves cash at random between four parties and keeps its own books.
contract CashHandler is Test {
    CashToken private immutable _cash;
    address private immutable _issuer;
    address[4] private _holders;
    mapping(address holder => uint256) public expected;
    uint256 public issued;
    uint256 public withdrawn;
    uint256 private _payments;

    constructor(CashToken cash, address issuer, address[4] memory holders) {
        _cash = cash;
        _issuer = issuer;
        _holders = holders;
    }

    function issue(uint256 to, uint96 amount) external {
        if (amount == 0) return;
        vm.prank(_issuer);
        _cash.issue(_holders[to % 4], amount, bytes32(++_payments));
        issued += amount;
        expected[_holders[to % 4]] += amount;
    }

    function withdraw(uint256 from, uint256 amount) external {
        address holder = _holders[from % 4];
        if (expected[holder] == 0) return;
        amount = bound(amount, 1, expected[holder]);
        vm.prank(holder);
        _cash.approve(_issuer, amount);
        vm.prank(_issuer);
        _cash.withdraw(holder, amount, bytes32(++_payments));
        withdrawn += amount;
        expected[holder] -= amount;
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        address holder = _holders[from % 4];
        amount = bound(amount, 0, expected[holder]);
        vm.prank(holder);
        _cash.transfer(_holders[to % 4], amount);
        expected[holder] -= amount;
        expected[_holders[to % 4]] += amount;
    }

    function holderAt(uint256 i) external view returns (address) {
        return _holders[i];
    }
}

contract CashInvariants is Network {
    CashHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler =
            new CashHandler(euro, address(this), [acme.account, borealis.account, lender.account, operator.account]);
        targetContract(address(_handler));
    }

    function invariant_cash_is_what_came_in_less_what_went_out() public view {
        assertEq(euro.totalSupply(), _handler.issued() - _handler.withdrawn());
    }

    function invariant_every_balance_is_what_was_moved_there() public view {
        uint256 total = 0;
        for (uint256 i = 0; i < 4; ++i) {
            address holder = _handler.holderAt(i);
            assertEq(euro.balanceOf(holder), _handler.expected(holder));
            total += euro.balanceOf(holder);
        }
        assertEq(total, euro.totalSupply());
    }
}
