// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {Apportion} from "../../../contracts/libraries/Apportion.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {RiskBase} from "./doubles/RiskBase.sol";
import {RiskDesk} from "./doubles/RiskDesk.sol";
import {RiskPool} from "./doubles/RiskPool.sol";

/// @title Three pools fund 50 / 30 / 20 %, bear losses 10 / 20 / 70 % and take fees 60 / 40 / 0 %.
abstract contract SyndicateBase is RiskBase {
    uint256 internal constant FUNDED = 1e12;
    uint256 internal constant RATE_BPS = 900;

    RiskDesk internal desk;
    RiskPool[3] internal pools;
    Syndicate internal syndicate;
    address internal supplier;

    function setUp() public virtual override {
        super.setUp();
        (, supplier) = _admit("ACMESUPPLIES", Roles.SUPPLIER);
        desk = new RiskDesk(supplier);
        for (uint256 i; i < 3; ++i) {
            pools[i] = new RiskPool(euro);
            registry.admitAccount(operatorLei, address(pools[i]));
            _issue(address(pools[i]), FUNDED);
            pools[i].fund(FUNDED);
        }
        syndicate = new Syndicate(address(desk), _members());
        desk.connect(syndicate);
        registry.admitAccount(operatorLei, address(syndicate));
        registry.admitAccount(operatorLei, address(desk));
        _issue(address(desk), 1e15);
        for (uint256 i; i < 3; ++i) {
            pools[i].list(address(syndicate));
        }
    }

    function _members() internal view returns (ISyndicate.Member[] memory members) {
        members = new ISyndicate.Member[](3);
        members[0] = ISyndicate.Member(_pool(0), 5000, 1000, 6000);
        members[1] = ISyndicate.Member(_pool(1), 3000, 2000, 4000);
        members[2] = ISyndicate.Member(_pool(2), 2000, 7000, 0);
    }

    function _pool(uint256 i) internal view returns (ILendingPool) {
        return ILendingPool(address(pools[i]));
    }

    function _received(uint256 i) internal view returns (IFundingSource.Receipt memory) {
        return pools[i].received();
    }

    function _loan(uint256 amount) internal returns (uint256 id) {
        id = desk.add(RATE_BPS, DayCount.Actual360);
        desk.draw(id, amount);
    }

    function _assertNothingLeft() internal view {
        assertEq(euro.balanceOf(address(syndicate)), 0);
        for (uint256 i; i < 3; ++i) {
            ISyndicate.Position memory its = syndicate.positionOf(_pool(i));
            assertEq(its.principalOut + its.impairment, 0, "principal and impairment");
            assertEq(pools[i].principalOut() + pools[i].impairment(), 0, "a pool's principal and impairment");
            for (uint256 j; j < 3; ++j) {
                DayCount dayCount = DayCount(j);
                assertEq(pools[i].weightOf(dayCount), 0, "weight");
                assertEq(pools[i].accruedNumerator(dayCount), 0, "accrued");
                assertEq(syndicate.accruedNumeratorOf(_pool(i), dayCount), 0, "accrued here");
            }
        }
    }
}

contract SyndicateTest is SyndicateBase {
    // Refusals

    function test_membersMustBeTwoToEight() public {
        ISyndicate.Member[] memory one = new ISyndicate.Member[](1);
        one[0] = ISyndicate.Member(_pool(0), 10_000, 10_000, 10_000);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MembersOutOfRange.selector, 1, 2, 8));
        new Syndicate(address(desk), one);
        ISyndicate.Member[] memory nine = new ISyndicate.Member[](9);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MembersOutOfRange.selector, 9, 2, 8));
        new Syndicate(address(desk), nine);
    }

    function test_memberTwiceIsRefused() public {
        ISyndicate.Member[] memory members = _members();
        members[2].pool = _pool(0);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MemberTwice.selector, _pool(0)));
        new Syndicate(address(desk), members);
    }

    function test_memberOfAnotherCurrencyIsRefused() public {
        ISyndicate.Member[] memory members = _members();
        address dollar = address(_deployCash("USD"));
        vm.mockCall(address(pools[1]), abi.encodeCall(IFundingSource.cash, ()), abi.encode(dollar));
        vm.expectRevert(
            abi.encodeWithSelector(ISyndicate.MemberOfOtherCurrency.selector, _pool(1), dollar, address(euro))
        );
        new Syndicate(address(desk), members);
    }

    function test_memberThatFundsNothingIsRefused() public {
        ISyndicate.Member[] memory members = _members();
        (members[0].fundingBps, members[1].fundingBps) = (8000, 0);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.FundingShareZero.selector, _pool(1)));
        new Syndicate(address(desk), members);
    }

    function test_sharesMustSumToTheWhole() public {
        ISyndicate.Member[] memory members = _members();
        members[0].fundingBps = 5001;
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.SharesNotWhole.selector, 10_001, 10_000));
        new Syndicate(address(desk), members);
        (members[0].fundingBps, members[0].lossBps) = (5000, 999);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.SharesNotWhole.selector, 9999, 10_000));
        new Syndicate(address(desk), members);
        (members[0].lossBps, members[2].feeBps) = (1000, 1);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.SharesNotWhole.selector, 10_001, 10_000));
        new Syndicate(address(desk), members);
    }

    function test_onlyTheDeskMovesAnything() public {
        bytes memory refusal = abi.encodeWithSelector(ISyndicate.OnlyDesk.selector, stranger, address(desk));
        IFundingSource.Receipt memory receipt;
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        syndicate.disburse(stranger, 1, 0, DayCount.Actual360);
        vm.expectRevert(refusal);
        syndicate.collect(receipt);
        vm.expectRevert(refusal);
        syndicate.changeImpairment(0, 1);
        vm.expectRevert(refusal);
        syndicate.writeOff(1, 0, 0, DayCount.Actual360);
    }

    function test_weightThatIsNoRateIsRefused() public {
        vm.startPrank(address(desk));
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.WeightUneven.selector, 10, 25));
        syndicate.disburse(supplier, 10, 25, DayCount.Actual360);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.WeightUneven.selector, 0, 1));
        syndicate.writeOff(0, 1, 0, DayCount.Actual360);
    }

    function test_moreThanIsBookedIsRefused() public {
        _loan(1000);
        IFundingSource.Receipt memory receipt;
        (receipt.principal, receipt.weight) = (1001, 1001 * RATE_BPS * 73);
        vm.startPrank(address(desk));
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1001, 1000));
        syndicate.collect(receipt);
        receipt.dayCount = DayCount.Actual365;
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1001, 0));
        syndicate.collect(receipt);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1001, 1000));
        syndicate.writeOff(1001, 1001 * RATE_BPS * 73, 0, DayCount.Actual360);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1, 0));
        syndicate.writeOff(1000, 1000 * RATE_BPS * 73, 1, DayCount.Actual360);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1, 0));
        syndicate.changeImpairment(1, 0);
        (receipt.principal, receipt.weight, receipt.recovered) = (0, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1, 0));
        syndicate.collect(receipt);
        (receipt.recovered, receipt.settledNumerator) = (0, 1);
        vm.expectRevert(abi.encodeWithSelector(ISyndicate.MoreThanBooked.selector, 1, 0));
        syndicate.collect(receipt);
    }

    function test_oneMemberThatCannotLendStopsTheDraw() public {
        uint256 id = desk.add(RATE_BPS, DayCount.Actual360);
        pools[1].stop(true);
        assertEq(syndicate.lendable(), 0);
        vm.expectRevert("RiskPool: more than is lendable");
        desk.draw(id, 1000);
        assertEq(euro.balanceOf(supplier), 0, "all or none");
        assertEq(pools[0].principalOut(), 0);
    }

    function test_memberThatHasNotListedItLendsNothing() public {
        Syndicate other = new Syndicate(address(desk), _members());
        assertEq(other.lendable(), 0);
    }

    // What happens

    function test_membersAreAsDeployed() public view {
        assertEq(abi.encode(syndicate.members()), abi.encode(_members()));
        assertEq(address(syndicate.cash()), address(euro));
        assertEq(syndicate.desk(), address(desk));
        assertEq(syndicate.positionOf(ILendingPool(stranger)).principalOut, 0);
        assertEq(syndicate.principalAt(ILendingPool(stranger), DayCount.Actual360, 1), 0);
        assertEq(syndicate.accruedNumeratorOf(ILendingPool(stranger), DayCount.Actual360), 0);
    }

    function test_drawIsFundedInShares() public {
        _loan(1_000_001);
        assertEq(euro.balanceOf(supplier), 1_000_001);
        assertEq(pools[0].principalOut(), 500_000);
        assertEq(pools[1].principalOut(), 300_000);
        assertEq(pools[2].principalOut(), 200_001);
        assertEq(pools[2].weightOf(DayCount.Actual360), int256(200_001 * RATE_BPS * 73));
        assertEq(syndicate.principalAt(_pool(2), DayCount.Actual360, RATE_BPS * 73), 200_001);
        assertEq(syndicate.principalAt(_pool(2), DayCount.Actual365, RATE_BPS * 73), 0);
    }

    function test_feesAndReserveByTheirShares() public {
        uint256 id = _loan(1_000_000);
        desk.repay(id, 0, 1000, 101, 50);
        assertEq(_received(0).fees, 600);
        assertEq(_received(1).fees, 400);
        assertEq(_received(2).fees, 0);
        assertEq(_received(0).lateFees, 60);
        assertEq(_received(1).lateFees, 41);
        assertEq(_received(0).reserve, 25);
        assertEq(_received(1).reserve, 15);
        assertEq(_received(2).reserve, 10);
    }

    function test_repaymentReachesEveryMember() public {
        uint256 id = _loan(1_000_000);
        vm.warp(START + 40 days);
        // 1,000,000 * 9 % * 40 / 360
        desk.repay(id, 10_000, 0, 0, 0);
        assertEq(_received(0).interest, 5000);
        assertEq(_received(1).interest, 3000);
        assertEq(_received(2).interest, 2000);
        assertEq(_received(0).settledNumerator, 5000 * Rates.INTEREST_DENOMINATOR);
        desk.repay(id, 1_000_000, 0, 0, 0);
        assertEq(_received(1).principal, 300_000);
        _assertNothingLeft();
    }

    function test_lossFallsByLossSharesAndSpillsOver() public {
        uint256 id = _loan(1_000_000);
        desk.writeOff(id, 100_000);
        assertEq(pools[0].lost(), 10_000);
        assertEq(pools[1].lost(), 20_000);
        assertEq(pools[2].lost(), 70_000);
        // The third has 130,000 left of the 350,000 that would be its share; the first bears what is over.
        desk.writeOff(id, 500_000);
        assertEq(pools[2].lost(), 200_000);
        assertEq(pools[1].lost(), 120_000);
        assertEq(pools[0].lost(), 280_000);
        desk.recover(id, 300_000);
        assertEq(_received(0).recovered, 140_000);
        assertEq(_received(1).recovered, 60_000);
        assertEq(_received(2).recovered, 100_000);
        assertEq(syndicate.positionOf(_pool(2)).lost, 100_000);
    }

    function test_expectedLossLiesWhereALossWouldFall() public {
        uint256 id = _loan(1_000_000);
        uint256 other = _loan(1_000_000);
        desk.impair(id, 100_000);
        assertEq(pools[0].impairment(), 10_000);
        assertEq(pools[2].impairment(), 70_000);
        desk.impair(id, 600_000);
        assertEq(pools[2].impairment(), 400_000, "no more than it has out");
        assertEq(pools[0].impairment(), 80_000, "the first takes what is over");
        desk.repay(other, 1_000_000, 0, 0, 0);
        assertEq(pools[2].impairment(), 200_000, "and follows when the principal moves");
        assertEq(pools[0].impairment() + pools[1].impairment(), 400_000);
        desk.impair(id, 0);
        for (uint256 i; i < 3; ++i) {
            assertEq(pools[i].impairment(), 0);
        }
    }

    function test_lossOfAnImpairedFinancing() public {
        uint256 id = _loan(1_000_000);
        uint256 other = _loan(500_000);
        desk.impair(id, 700_000);
        desk.impair(other, 100_000);
        desk.writeOff(id, 1_000_000);
        uint256 impaired = pools[0].impairment() + pools[1].impairment() + pools[2].impairment();
        assertEq(impaired, 100_000);
        desk.repay(other, 500_000, 0, 0, 0);
        _assertNothingLeft();
    }

    function test_payeeThatCannotReceiveLeavesEverythingAsItWas() public {
        registry.freezeAccount(supplier);
        uint256 id = desk.add(RATE_BPS, DayCount.Actual360);
        vm.expectRevert();
        desk.draw(id, 1000);
        _assertNothingLeft();
        assertEq(pools[0].free() + pools[1].free() + pools[2].free(), 3 * FUNDED);
    }

    /// @dev As a refinancing does: what is drawn arrives here and pays off what the same members lent before.
    function test_drawThatPaysOffAnEarlierOne() public {
        uint256 id = _loan(1_000_000);
        vm.warp(START + 40 days);
        IFundingSource.Receipt memory receipt;
        receipt.interest = 10_000;
        receipt.settledNumerator = desk.accrued(id);
        (receipt.principal, receipt.weight) = (1_000_000, 1_000_000 * RATE_BPS * 73);
        vm.startPrank(address(desk));
        syndicate.disburse(address(syndicate), 1_010_000, 1_010_000 * 1250 * 72, DayCount.Actual365);
        syndicate.collect(receipt);
        assertEq(euro.balanceOf(address(syndicate)), 0);
        assertEq(pools[0].principalOut(), 505_000);
        assertEq(pools[0].weightOf(DayCount.Actual360), 0);
        assertEq(pools[0].accruedNumerator(DayCount.Actual360), 0);
        assertEq(syndicate.principalAt(_pool(2), DayCount.Actual365, 1250 * 72), 202_000);
    }

    // Fuzz

    function testFuzz_lendableIsWhatAllCanDo(uint64[3] memory free, uint16 first, uint16 second) public {
        ISyndicate.Member[] memory members = _members();
        (first, second) = (uint16(bound(first, 1, 9998)), 0);
        members[0].fundingBps = first;
        members[1].fundingBps = uint16(bound(second, 1, 9999 - first));
        members[2].fundingBps = 10_000 - first - members[1].fundingBps;
        for (uint256 i; i < 3; ++i) {
            free[i] = uint64(bound(free[i], 0, FUNDED));
            RiskPool its = new RiskPool(euro);
            registry.admitAccount(operatorLei, address(its));
            _issue(address(its), FUNDED);
            its.fund(free[i]);
            (pools[i], members[i].pool) = (its, ILendingPool(address(its)));
        }
        syndicate = new Syndicate(address(desk), members);
        desk.connect(syndicate);
        for (uint256 i; i < 3; ++i) {
            pools[i].list(address(syndicate));
        }
        uint256 most = syndicate.lendable();
        bool oneMoreFitsExactly = true;
        for (uint256 i; i < 3; ++i) {
            if ((most + 1) * members[i].fundingBps > uint256(free[i]) * 10_000) oneMoreFitsExactly = false;
        }
        assertFalse(oneMoreFitsExactly);
        if (most == 0) return;
        desk.draw(desk.add(RATE_BPS, DayCount.Actual360), most);
        assertEq(pools[0].principalOut() + pools[1].principalOut() + pools[2].principalOut(), most);
    }

    /// @dev The members' doubles refuse to settle more than they have earned, or to take off more than is out.
    function testFuzz_everyPathEndsAtZero(uint256 seed, uint8 steps) public {
        uint256[3] memory ids;
        for (uint256 i; i < 3; ++i) {
            ids[i] = desk.add(uint256(keccak256(abi.encode(seed, "rate", i))) % 3000, DayCount(i));
        }
        for (uint256 step; step < steps % 24; ++step) {
            uint256 dice = uint256(keccak256(abi.encode(seed, step)));
            _step(ids[dice % 3], (dice >> 8) % 5, dice >> 16);
            vm.warp(vm.getBlockTimestamp() + (dice >> 200) % 30 days);
        }
        for (uint256 i; i < 3; ++i) {
            desk.impair(ids[i], 0);
            desk.repay(ids[i], type(uint128).max, 0, 0, 0);
        }
        _assertNothingLeft();
        uint256 out = desk.totals().disbursed;
        assertEq(desk.totals().repaid + desk.totals().writtenOff, out);
    }

    function _step(uint256 id, uint256 what, uint256 dice) private {
        uint256 principal = desk.loan(id).principal;
        if (what == 0 || principal == 0) {
            uint256 most = syndicate.lendable();
            if (most != 0) desk.draw(id, 1 + dice % (most < 1e10 ? most : 1e10));
        } else if (what == 1) {
            desk.repay(id, dice % (desk.owed(id) + 1), dice % 7, dice % 5, dice % 3);
        } else if (what == 2) {
            desk.writeOff(id, 1 + dice % principal);
        } else if (what == 3) {
            desk.impair(id, dice % (principal + 1));
        } else {
            desk.recover(id, dice % (desk.loan(id).writtenOff + 1));
        }
    }

    /// @dev Against each member's own arithmetic: its share of principal and of interest, within one minor unit a payment.
    function testFuzz_interestIsSharedAsEarned(uint64 amount, uint256[4] memory payments) public {
        amount = uint64(bound(amount, 1_000_000, 1e11));
        uint256 id = _loan(amount);
        for (uint256 i; i < 4; ++i) {
            vm.warp(vm.getBlockTimestamp() + 1 + payments[i] % 50 days);
            desk.repay(id, bound(payments[i], 0, desk.owed(id) - desk.loan(id).principal), 0, 0, 0);
        }
        vm.warp(vm.getBlockTimestamp() + 3 days);
        desk.repay(id, type(uint128).max, 0, 0, 0);
        uint256 interest = desk.totals().interest;
        uint256[3] memory funding = [uint256(5000), 3000, 2000];
        for (uint256 i; i < 3; ++i) {
            uint256 exact = interest * funding[i] / 10_000;
            // 0.0004 % of it for principal that does not divide, and one unit for each of the five payments.
            assertApproxEqAbs(_received(i).interest, exact, 5 + interest / 250_000);
        }
        _assertNothingLeft();
    }

    function testFuzz_partsSumAndStayWithinTheirWeights(uint256 amount, uint120[5] memory seeds) public pure {
        uint256[] memory weights = new uint256[](5);
        uint256 total;
        for (uint256 i; i < 5; ++i) {
            weights[i] = seeds[i];
            total += seeds[i];
        }
        amount = bound(amount, 0, total);
        uint256[] memory parts = Apportion.inProportion(amount, weights);
        uint256 sum;
        for (uint256 i; i < 5; ++i) {
            sum += parts[i];
            assertLe(parts[i], weights[i]);
            if (total != 0) assertApproxEqAbs(parts[i], amount * weights[i] / total, 1);
        }
        assertEq(sum, amount);
    }

    function testFuzz_lossesStayWithinLimits(uint256 amount, uint64[4] memory shares, uint64[4] memory most)
        public
        pure
    {
        uint256[] memory weights = new uint256[](4);
        uint256[] memory limits = new uint256[](4);
        uint256 total;
        for (uint256 i; i < 4; ++i) {
            (weights[i], limits[i]) = (uint256(shares[i]) + (i == 2 ? 1 : 0), most[i]);
            total += most[i];
        }
        amount = bound(amount, 0, total);
        uint256[] memory parts = Apportion.withinLimits(amount, weights, limits);
        uint256 sum;
        bool someoneIsBelow;
        for (uint256 i; i < 4; ++i) {
            sum += parts[i];
            assertLe(parts[i], limits[i]);
            // Whoever bears more than its share has everyone before it at the limit.
            uint256 share = amount * weights[i] / Apportion.sum(weights);
            if (parts[i] > share + 1) assertFalse(someoneIsBelow);
            if (parts[i] < limits[i]) someoneIsBelow = true;
        }
        assertEq(sum, amount);
    }
}
