// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {IFirstLossReserve} from "../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {RiskBase} from "./doubles/RiskBase.sol";
import {RiskPool} from "./doubles/RiskPool.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title A reserve of 5 % of what its pool has out, and three sponsors with cash and allowances.
abstract contract FirstLossBase is RiskBase {
    uint256 internal constant FLOOR_BPS = 500;
    uint256 internal constant CASH = 1e18;

    RiskPool internal pool;
    FirstLossReserve internal reserve;
    address[3] internal sponsors;

    function setUp() public virtual override {
        super.setUp();
        pool = new RiskPool(euro);
        reserve = new FirstLossReserve(ILendingPool(address(pool)), registry, FLOOR_BPS, address(manager));
        registry.admitAccount(operatorLei, address(pool));
        registry.admitAccount(operatorLei, address(reserve));
        _allow(reserve.release.selector, address(reserve), Offices.SERVICER);
        _allow(reserve.releaseSurplus.selector, address(reserve), Offices.SERVICER);
        _issue(address(pool), CASH);
        string[3] memory names = ["COBALTCREDIT", "GRANITEFUND", "OPALTRUST"];
        for (uint256 i; i < 3; ++i) {
            (, sponsors[i]) = _admit(names[i], Roles.LENDER);
            _issue(sponsors[i], CASH);
            vm.prank(sponsors[i]);
            euro.approve(address(reserve), type(uint256).max);
        }
    }

    function _deposit(uint256 who, uint256 amount) internal {
        vm.prank(sponsors[who]);
        reserve.deposit(amount);
    }

    function _claims() internal view returns (uint256 sum) {
        for (uint256 i; i < 3; ++i) {
            sum += reserve.claimOf(sponsors[i]);
        }
    }
}

contract FirstLossReserveTest is FirstLossBase {
    // Refusals

    function test_floorAboveTheWholeIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.FloorTooHigh.selector, 10_001, 10_000));
        new FirstLossReserve(ILendingPool(address(pool)), registry, 10_001, address(manager));
    }

    function test_onlyThePoolCoversAndTopsUp() public {
        bytes memory refusal = abi.encodeWithSelector(IFirstLossReserve.OnlyPool.selector, stranger, address(pool));
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        reserve.cover(1);
        vm.expectRevert(refusal);
        reserve.topUp(1);
    }

    function test_onlyTheServicerReleases() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        reserve.release(stranger, 1);
        vm.expectRevert(refusal);
        reserve.releaseSurplus(stranger, 1);
    }

    function test_nothingIsNotMoved() public {
        vm.expectRevert(IFirstLossReserve.ReserveAmountZero.selector);
        reserve.deposit(0);
        vm.expectRevert(IFirstLossReserve.ReserveAmountZero.selector);
        reserve.release(sponsors[0], 0);
        vm.expectRevert(IFirstLossReserve.ReserveAmountZero.selector);
        reserve.releaseSurplus(operator, 0);
    }

    function test_strangerCannotSponsor() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotAdmitted.selector, stranger));
        vm.prank(stranger);
        reserve.deposit(1);
    }

    function test_releaseAboveTheClaimIsRefused() public {
        _deposit(0, 100);
        _deposit(1, 50);
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.ClaimTooLow.selector, sponsors[1], 51, 50));
        reserve.release(sponsors[1], 51);
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.ClaimTooLow.selector, operator, 1, 0));
        reserve.release(operator, 1);
    }

    function test_releaseBelowTheFloorIsRefused() public {
        _deposit(0, 100);
        pool.lend(1201);
        assertEq(reserve.floor(), 61);
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.BelowFloor.selector, 40, 39));
        reserve.release(sponsors[0], 40);
        pool.lend(1e15);
        assertEq(reserve.releasable(), 0);
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.BelowFloor.selector, 1, 0));
        reserve.release(sponsors[0], 1);
    }

    function test_surplusMustLeaveTheFloorByItself() public {
        _deposit(0, 100);
        pool.topUp(reserve, 70);
        pool.lend(1200);
        vm.expectRevert(abi.encodeWithSelector(IFirstLossReserve.BelowFloor.selector, 11, 10));
        reserve.releaseSurplus(operator, 11);
        reserve.releaseSurplus(operator, 10);
        assertEq(reserve.surplus(), 0);
        assertEq(reserve.releasable(), 100);
    }

    function test_surplusGoesToTheNetworkOnly() public {
        pool.topUp(reserve, 70);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.RoleMissing.selector, sponsors[0], Roles.LENDER, Roles.NETWORK)
        );
        reserve.releaseSurplus(sponsors[0], 1);
    }

    // What happens

    function test_depositIsCountedAndClaimed() public {
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.ReserveFunded(sponsors[0], 100);
        _deposit(0, 100);
        _deposit(0, 20);
        assertEq(reserve.held(), 120);
        assertEq(reserve.sponsored(), 120);
        assertEq(reserve.claimOf(sponsors[0]), 120);
        assertEq(reserve.claimOf(sponsors[1]), 0);
        assertEq(euro.balanceOf(address(reserve)), 120);
    }

    function test_collectedLosesFirstThenSponsorsInProportion() public {
        pool.topUp(reserve, 70);
        _deposit(0, 300);
        _deposit(1, 100);
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.LossCovered(50, 50);
        assertEq(pool.cover(reserve, 50), 50);
        assertEq(reserve.collected(), 20);
        assertEq(reserve.sponsored(), 400);
        assertEq(pool.cover(reserve, 120), 120);
        assertEq(reserve.collected(), 0);
        assertEq(reserve.claimOf(sponsors[0]), 225);
        assertEq(reserve.claimOf(sponsors[1]), 75);
        _deposit(2, 100);
        assertEq(reserve.claimOf(sponsors[2]), 100, "a loss is not shared with those who come after it");
        assertEq(euro.balanceOf(address(pool)), CASH - 70 + 170);
    }

    function test_lossAboveAllThereIs() public {
        pool.topUp(reserve, 70);
        _deposit(0, 30);
        assertEq(pool.cover(reserve, 1000), 100);
        assertEq(reserve.held(), 0);
        assertEq(reserve.claimOf(sponsors[0]), 0);
        assertEq(pool.cover(reserve, 1000), 0);
        _deposit(1, 40);
        assertEq(reserve.claimOf(sponsors[0]), 0, "what was lost does not come back with others' money");
        assertEq(reserve.claimOf(sponsors[1]), 40);
    }

    function test_crumbsStayTheSponsors() public {
        _deposit(0, 3_000_001);
        pool.cover(reserve, 2_999_999);
        assertEq(reserve.collected(), 0);
        assertEq(reserve.sponsored(), 2);
        assertApproxEqAbs(reserve.claimOf(sponsors[0]), 2, 1);
        _deposit(1, 50);
        assertEq(reserve.claimOf(sponsors[1]), 50);
    }

    // Recoveries

    /// @dev The network's own part grows only once the sponsors lack nothing.
    function test_whatThePoolSendsMakesSponsorsWholeFirst() public {
        pool.topUp(reserve, 1_000_000);
        _deposit(0, 10_000_000);
        pool.cover(reserve, 7_133_743);
        assertEq(reserve.lostBySponsors(), 6_133_743);
        assertEq(reserve.sponsored(), 3_866_257);
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.SponsorsRestored(2_000_000, 4_133_743);
        pool.topUp(reserve, 2_000_000);
        assertEq(reserve.collected(), 0);
        assertEq(reserve.surplus(), 0);
        assertApproxEqAbs(reserve.claimOf(sponsors[0]), 5_866_257, 1);
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.SponsorsRestored(4_133_743, 0);
        pool.topUp(reserve, 5_133_743);
        assertEq(reserve.claimOf(sponsors[0]), 10_000_000);
        assertEq(reserve.lostBySponsors(), 0);
        assertEq(reserve.collected(), 1_000_000);
        reserve.release(sponsors[0], 10_000_000);
        reserve.releaseSurplus(operator, 1_000_000);
        assertEq(euro.balanceOf(sponsors[0]), CASH);
        assertEq(euro.balanceOf(address(reserve)), 0);
    }

    /// @dev Who sees a recovery coming gains nothing by sponsoring just before it.
    function test_recoveryGoesToThoseWhoBoreTheLoss() public {
        _deposit(0, 3000);
        pool.cover(reserve, 2000);
        _deposit(1, 1_000_000);
        pool.cover(reserve, 100_100);
        assertApproxEqAbs(reserve.claimOf(sponsors[0]), 900, 1);
        assertApproxEqAbs(reserve.claimOf(sponsors[1]), 900_000, 1);
        pool.topUp(reserve, 51_050);
        assertApproxEqAbs(reserve.claimOf(sponsors[0]), 900 + 1050, 1);
        assertApproxEqAbs(reserve.claimOf(sponsors[1]), 900_000 + 50_000, 1);
        pool.topUp(reserve, 51_050);
        assertEq(reserve.claimOf(sponsors[0]), 3000);
        assertEq(reserve.claimOf(sponsors[1]), 1_000_000);
    }

    function test_whatIsMadeGoodAbsorbsTheNextLoss() public {
        _deposit(0, 1000);
        pool.cover(reserve, 800);
        pool.topUp(reserve, 600);
        assertEq(pool.cover(reserve, 400), 400);
        assertEq(reserve.claimOf(sponsors[0]), 400);
        assertEq(reserve.lostBySponsors(), 600);
    }

    /// @dev Neither its end, nor others that came, nor going itself costs a sponsor its right.
    function test_rightOutlastsTheWholeLoss() public {
        _deposit(0, 1000);
        _deposit(1, 3000);
        pool.cover(reserve, 2000);
        reserve.release(sponsors[0], 500);
        assertEq(reserve.stakeOf(sponsors[0]), 500);
        pool.cover(reserve, 1500);
        assertEq(reserve.held(), 0);
        _deposit(2, 700);
        pool.topUp(reserve, 1750);
        assertEq(reserve.claimOf(sponsors[0]), 250);
        assertEq(reserve.claimOf(sponsors[1]), 1500);
        assertEq(reserve.claimOf(sponsors[2]), 700);
        pool.cover(reserve, 2450);
        assertEq(_claims(), 0);
        pool.topUp(reserve, 5000);
        assertEq(reserve.claimOf(sponsors[0]), 500);
        assertEq(reserve.claimOf(sponsors[1]), 3000);
        assertEq(reserve.claimOf(sponsors[2]), 700);
        assertEq(reserve.collected(), 800);
    }

    /// @dev Twenty losses of nearly all, with newcomers between: nobody's claim drowns in what was there before.
    function test_claimsSurviveManyNearlyWholeLosses() public {
        _deposit(0, 1e15);
        for (uint256 i; i < 20; ++i) {
            _deposit(1 + i % 2, 1e12);
            assertApproxEqAbs(_claims(), reserve.sponsored(), 3);
            pool.cover(reserve, reserve.sponsored() - 1);
        }
        assertEq(reserve.stakeOf(sponsors[2]), 1e13);
        pool.topUp(reserve, reserve.lostBySponsors());
        assertEq(reserve.claimOf(sponsors[0]), 1e15);
        assertEq(reserve.claimOf(sponsors[1]), 1e13);
        assertEq(reserve.claimOf(sponsors[2]), 1e13);
    }

    function test_releaseTakesTheSponsorsOwn() public {
        _deposit(0, 300);
        _deposit(1, 100);
        pool.cover(reserve, 200);
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.ReserveReleased(sponsors[0], 150);
        reserve.release(sponsors[0], 150);
        assertEq(reserve.claimOf(sponsors[0]), 0);
        assertEq(reserve.claimOf(sponsors[1]), 50);
        assertEq(euro.balanceOf(sponsors[0]), CASH - 150);
        reserve.release(sponsors[1], 50);
        assertEq(reserve.held(), 0);
        _deposit(2, 10);
        assertEq(reserve.claimOf(sponsors[2]), 10);
    }

    function test_donationChangesNothing() public {
        _deposit(0, 100);
        vm.prank(sponsors[1]);
        euro.transfer(address(reserve), 1000);
        assertEq(reserve.held(), 100);
        assertEq(reserve.claimOf(sponsors[0]), 100);
        assertEq(pool.cover(reserve, 1000), 100);
        assertEq(euro.balanceOf(address(reserve)), 1000);
    }

    function test_frozenReserveCoversNothingAndStopsNothing() public {
        _deposit(0, 100);
        registry.freezeAccount(address(reserve));
        vm.expectEmit(address(reserve));
        emit IFirstLossReserve.LossCovered(60, 0);
        assertEq(pool.cover(reserve, 60), 0);
        assertEq(reserve.held(), 100);
        registry.unfreezeAccount(address(reserve));
        assertEq(pool.cover(reserve, 60), 60);
    }

    function test_bookingNothingStopsNothing() public {
        pool.topUp(reserve, 0);
        assertEq(pool.cover(reserve, 0), 0);
        assertEq(reserve.held(), 0);
    }

    // Fuzz

    /// @dev The expectation is what is left to each in proportion to its deposit, less one minor unit at most.
    function testFuzz_lossIsSharedInProportion(uint64[3] memory deposits, uint64 collected, uint256 loss) public {
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            deposits[i] = uint64(bound(deposits[i], 1, CASH));
            _deposit(i, deposits[i]);
            sum += deposits[i];
        }
        collected = uint64(bound(collected, 0, CASH));
        pool.topUp(reserve, collected);
        loss = bound(loss, 0, 5 * CASH);
        uint256 covered = pool.cover(reserve, loss);
        assertEq(covered, loss < sum + collected ? loss : sum + collected);
        uint256 first = covered < collected ? covered : collected;
        uint256 left = sum - (covered - first);
        for (uint256 i; i < 3; ++i) {
            uint256 exact = left * deposits[i] / sum;
            assertLe(reserve.claimOf(sponsors[i]), exact);
            assertApproxEqAbs(reserve.claimOf(sponsors[i]), exact, 1);
        }
        assertEq(reserve.collected(), collected - first);
    }

    /// @dev The expectation is kept sponsor by sponsor: a loss goes by claims, a recovery by what each has lost itself.
    function testFuzz_recoveryIsSharedByWhatEachHasLost(uint256 seed) public {
        uint256[3] memory claims;
        uint256[3] memory lost;
        for (uint256 round; round < 12; ++round) {
            uint256 random = uint256(keccak256(abi.encode(seed, round)));
            uint256 who = random % 3;
            uint256 amount = _bound(random >> 8, 1, 1e12);
            _deposit(who, amount);
            claims[who] += amount * 1e12;
            uint256 all = reserve.sponsored();
            amount = _bound(random >> 72, 0, random % 5 == 0 ? all : all / 2);
            pool.cover(reserve, amount);
            for (uint256 i; i < 3; ++i) {
                uint256 its = claims[i] * amount / all;
                (claims[i], lost[i]) = (claims[i] - its, lost[i] + its);
            }
            all = reserve.lostBySponsors();
            amount = _bound(random >> 136, 0, random % 7 == 0 ? all : all / 2);
            pool.topUp(reserve, amount);
            for (uint256 i; i < 3 && all != 0; ++i) {
                uint256 its = lost[i] * amount / all;
                (claims[i], lost[i]) = (claims[i] + its, lost[i] - its);
            }
            for (uint256 i; i < 3; ++i) {
                assertApproxEqAbs(reserve.claimOf(sponsors[i]), claims[i] / 1e12, 1);
            }
        }
        assertEq(reserve.collected(), 0);
        assertLe(_claims(), reserve.sponsored());
    }

    /// @dev A sponsor that comes between two losses bears the second only.
    function testFuzz_laterSponsorsBearLaterLosses(uint64 a, uint64 b, uint64 firstLoss, uint64 secondLoss) public {
        (a, b) = (uint64(bound(a, 1e6, CASH)), uint64(bound(b, 1e6, CASH)));
        firstLoss = uint64(bound(firstLoss, 0, a - a / 1000));
        _deposit(0, a);
        pool.cover(reserve, firstLoss);
        uint256 left = a - firstLoss;
        _deposit(1, b);
        assertApproxEqAbs(reserve.claimOf(sponsors[1]), b, 1);
        secondLoss = uint64(bound(secondLoss, 0, (left + b) / 2));
        pool.cover(reserve, secondLoss);
        assertApproxEqAbs(reserve.claimOf(sponsors[0]), left - secondLoss * left / (left + b), 2);
        assertApproxEqAbs(reserve.claimOf(sponsors[1]), b - uint256(secondLoss) * b / (left + b), 2);
        assertLe(_claims(), reserve.held());
    }

    function testFuzz_roundTripGainsNothing(uint64 before, uint64 loss, uint64 amount) public {
        before = uint64(bound(before, 1, CASH));
        _deposit(0, before);
        pool.cover(reserve, bound(loss, 0, before));
        amount = uint64(bound(amount, 1, CASH));
        uint256 others = reserve.claimOf(sponsors[0]);
        _deposit(1, amount);
        uint256 claim = reserve.claimOf(sponsors[1]);
        assertLe(claim, amount);
        assertGe(claim + 1, amount);
        if (claim != 0) reserve.release(sponsors[1], claim);
        assertGe(reserve.claimOf(sponsors[0]), others);
    }

    function testFuzz_floorIsRoundedUp(uint64 out) public {
        pool.lend(out);
        uint256 exact = uint256(out) * FLOOR_BPS;
        assertEq(reserve.floor(), exact % 10_000 == 0 ? exact / 10_000 : exact / 10_000 + 1);
    }
}
