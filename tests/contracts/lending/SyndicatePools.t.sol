// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {RiskBase} from "./doubles/RiskBase.sol";
import {RiskDesk} from "./doubles/RiskDesk.sol";

/// @title Real pools, each with its vaults and a first-loss reserve, lend through a syndicate; the first also lends alone.
contract SyndicatePoolsTest is RiskBase {
    uint256 private constant FUNDED = 1e11;
    uint256 private constant SPONSORED = 1e8;

    RiskDesk private _desk;
    RiskDesk private _own;
    Syndicate private _syndicate;
    LendingPool[3] private _pools;
    FirstLossReserve[3] private _reserves;
    address private _supplier;
    address private _lender;

    function setUp() public override {
        super.setUp();
        (, _supplier) = _admit("ACMESUPPLIES", Roles.SUPPLIER);
        (, _lender) = _admit("COBALTCREDIT", Roles.LENDER);
        (_desk, _own) = (new RiskDesk(_supplier), new RiskDesk(_supplier));
        ISyndicate.Member[] memory members = new ISyndicate.Member[](3);
        uint16[9] memory shares = [5000, 1000, 6000, 3000, 2000, 4000, 2000, 7000, 0];
        for (uint256 i; i < 3; ++i) {
            _deploy(i);
            members[i] = ISyndicate.Member(_pools[i], shares[3 * i], shares[3 * i + 1], shares[3 * i + 2]);
        }
        _syndicate = new Syndicate(address(_desk), members);
        registry.admitAccount(operatorLei, address(_syndicate));
        for (uint256 i; i < 3; ++i) {
            _pools[i].listSyndicate(address(_syndicate));
        }
        _desk.connect(_syndicate);
        _own.connect(_pools[0]);
        for (uint256 i; i < 2; ++i) {
            address desk = i == 0 ? address(_desk) : address(_own);
            registry.admitAccount(operatorLei, desk);
            _issue(desk, 1e15);
        }
    }

    function _deploy(uint256 i) private {
        LendingPool pool = new LendingPool(euro, address(_own), 400, 0, 7 days, address(manager));
        TrancheVault senior = new TrancheVault(pool, Tranche.Senior, registry, "senior", "ps");
        TrancheVault junior = new TrancheVault(pool, Tranche.Junior, registry, "junior", "pj");
        FirstLossReserve reserve = new FirstLossReserve(pool, registry, 100, address(manager));
        _allow(pool.setTranches.selector, address(pool), Offices.GOVERNOR);
        _allow(pool.setReserve.selector, address(pool), Offices.GOVERNOR);
        _allow(pool.listSyndicate.selector, address(pool), Offices.GOVERNOR);
        (bytes20 lei,) = _admit(string.concat("POOLHOUSE", vm.toString(i)), Roles.NETWORK);
        registry.admitAccount(lei, address(pool));
        registry.admitAccount(lei, address(reserve));
        registry.admitAccount(lei, address(senior));
        registry.admitAccount(lei, address(junior));
        pool.setTranches(address(senior), address(junior));
        pool.setReserve(reserve);
        _issue(_lender, FUNDED + SPONSORED);
        vm.startPrank(_lender);
        euro.approve(address(junior), type(uint256).max);
        euro.approve(address(senior), type(uint256).max);
        euro.approve(address(reserve), type(uint256).max);
        junior.deposit(FUNDED / 2, _lender);
        senior.deposit(FUNDED / 2, _lender);
        reserve.deposit(SPONSORED);
        vm.stopPrank();
        (_pools[i], _reserves[i]) = (pool, reserve);
    }

    function test_poolThatHasNotListedTheSyndicateLendsNothing() public {
        Syndicate other = new Syndicate(address(_desk), _syndicate.members());
        assertEq(other.lendable(), 0);
        vm.expectRevert(abi.encodeWithSelector(ILendingPool.OnlyDesk.selector, address(other), address(_own)));
        vm.prank(address(_desk));
        other.disburse(_supplier, 1000, 0, DayCount.Actual360);
    }

    function test_lossIsCoveredByEachMembersReserve() public {
        uint256 id = _desk.add(900, DayCount.Actual360);
        _desk.draw(id, 1_000_000);
        _desk.writeOff(id, 100_000);
        assertEq(SPONSORED - _reserves[0].held(), 10_000);
        assertEq(SPONSORED - _reserves[1].held(), 20_000);
        assertEq(SPONSORED - _reserves[2].held(), 70_000);
        assertEq(_pools[2].grossAssets(), FUNDED, "covered in full");
        assertEq(_reserves[0].floor(), 4900);
    }

    function test_reserveIsToppedUpByTheWaterfall() public {
        uint256 id = _desk.add(900, DayCount.Actual360);
        _desk.draw(id, 1_000_000);
        _desk.repay(id, 0, 0, 0, 10_000);
        assertEq(_pools[0].sendReserve(), 5000);
        assertEq(_reserves[0].collected(), 5000);
        _desk.writeOff(id, 40_000);
        assertEq(_reserves[0].collected(), 1000);
        assertEq(_reserves[0].sponsored(), SPONSORED);
    }

    /// @dev Whatever a pool could not book reverts, so that a member's share which does not fit would fail here.
    function testFuzz_realPoolsTakeEveryPathToZero(uint256 seed, uint8 steps) public {
        uint256 alone = _own.add(1100, DayCount.Actual360);
        _own.draw(alone, 1e9);
        uint256[4] memory ids;
        for (uint256 i; i < 4; ++i) {
            ids[i] = _desk.add(uint256(keccak256(abi.encode(seed, "rate", i))) % 3000, DayCount(i % 3));
        }
        for (uint256 step; step < steps % 20; ++step) {
            uint256 dice = uint256(keccak256(abi.encode(seed, step)));
            _step(ids[dice % 4], (dice >> 8) % 5, dice >> 16);
            vm.warp(vm.getBlockTimestamp() + (dice >> 200) % 30 days);
            _assertBooksHold();
        }
        for (uint256 i; i < 4; ++i) {
            _desk.impair(ids[i], 0);
            _desk.repay(ids[i], type(uint128).max, 0, 0, 0);
        }
        assertEq(_pools[0].accruedIncome(), _own.accrued(alone) / (10_000 * 26_280 * uint256(1 days)));
        assertEq(_pools[0].books().principalOut, 1e9);
        _own.repay(alone, type(uint128).max, 0, 0, 0);
        for (uint256 i; i < 3; ++i) {
            assertEq(_pools[i].books().principalOut + _pools[i].books().impairment, 0);
            assertEq(_pools[i].accruedIncome(), 0);
        }
        _assertBooksHold();
    }

    function _step(uint256 id, uint256 what, uint256 dice) private {
        uint256 principal = _desk.loan(id).principal;
        if (what == 0 || principal == 0) {
            uint256 most = _syndicate.lendable();
            if (most != 0) _desk.draw(id, dice % 8 == 0 ? most : 1 + dice % (most < 1e10 ? most : 1e10));
        } else if (what == 1) {
            _desk.repay(id, dice % (_desk.owed(id) + 1), dice % 7, dice % 5, dice % 3);
        } else if (what == 2) {
            _desk.writeOff(id, 1 + dice % principal);
        } else if (what == 3) {
            _desk.impair(id, dice % (principal + 1));
        } else {
            _desk.recover(id, dice % (_desk.loan(id).writtenOff + 1));
        }
    }

    function _assertBooksHold() private view {
        assertEq(euro.balanceOf(address(_syndicate)), 0);
        for (uint256 i; i < 3; ++i) {
            ILendingPool.Books memory its = _pools[i].books();
            ILendingPool.Held memory held = _pools[i].held();
            assertEq(
                euro.balanceOf(address(_pools[i])), its.cash + its.setAside + held.fees + held.reserve + held.streaming
            );
            ISyndicate.Position memory position = _syndicate.positionOf(_pools[i]);
            assertEq(its.impairment, position.impairment);
            assertEq(its.principalOut, position.principalOut + (i == 0 ? _own.loan(0).principal : 0));
        }
    }
}
