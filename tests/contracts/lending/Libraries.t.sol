// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ladder, LadderCoder} from "../../../contracts/lending/Ladder.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {Rounding} from "../../../contracts/libraries/Rounding.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {Test} from "forge-std/Test.sol";

contract LibrariesTest is Test {
    using Waterfall for Waterfall.Claims;

    function test_waterfallServesInOrder() public pure {
        Waterfall.Claims memory claims = Waterfall.Claims(5, 7, 11, 100, 20, 3);
        Waterfall.Split memory parts = Waterfall.split(5 + 7 + 11 + 60, claims);
        assertEq(abi.encode(parts), abi.encode(Waterfall.Split(5, 7, 11, 60, 0, 0, 0)));
        parts = Waterfall.split(claims.total() + 9, claims);
        assertEq(abi.encode(parts), abi.encode(Waterfall.Split(5, 7, 11, 100, 20, 3, 9)));
    }

    /// @dev The other formula: what the first k claims have taken together is the lesser of the payment and of their sum,
    /// and each part is the difference of two such sums.
    function testFuzz_waterfallAgainstSumsOfClaims(uint64 amount, uint64[6] memory due) public pure {
        Waterfall.Claims memory claims = Waterfall.Claims(due[0], due[1], due[2], due[3], due[4], due[5]);
        Waterfall.Split memory parts = Waterfall.split(amount, claims);
        uint256[6] memory got =
            [parts.lateFees, parts.fees, parts.interest, parts.principal, parts.recovered, parts.reserve];
        uint256 sum;
        uint256 taken;
        for (uint256 k; k < 6; ++k) {
            sum += due[k];
            uint256 together = amount < sum ? amount : sum;
            assertEq(got[k], together - taken);
            taken = together;
        }
        assertEq(parts.residual, amount - taken);
        assertEq(claims.total(), sum);
    }

    function testFuzz_waterfallIsTheSameInTwoPayments(uint64 first, uint64 second, uint64[6] memory due) public pure {
        Waterfall.Claims memory claims = Waterfall.Claims(due[0], due[1], due[2], due[3], due[4], due[5]);
        Waterfall.Split memory once = Waterfall.split(uint256(first) + second, claims);
        Waterfall.Split memory one = Waterfall.split(first, claims);
        Waterfall.Claims memory left = Waterfall.Claims(
            due[0] - one.lateFees,
            due[1] - one.fees,
            due[2] - one.interest,
            due[3] - one.principal,
            due[4] - one.recovered,
            due[5] - one.reserve
        );
        Waterfall.Split memory two = Waterfall.split(second, left);
        assertEq(one.lateFees + two.lateFees, once.lateFees);
        assertEq(one.fees + two.fees, once.fees);
        assertEq(one.interest + two.interest, once.interest);
        assertEq(one.principal + two.principal, once.principal);
        assertEq(one.recovered + two.recovered, once.recovered);
        assertEq(one.reserve + two.reserve, once.reserve);
        assertEq(one.residual + two.residual, once.residual);
    }

    function testFuzz_drawAndItsChargesFillTheRoom(uint64 room, uint16 feeBps) public pure {
        feeBps = uint16(bound(feeBps, 0, 2 * Rates.BPS));
        uint256 amount = Rounding.beforeFeeDown(room, feeBps);
        assertLe(amount + Rounding.bpsUp(amount, feeBps), room);
        assertGt(amount + 1 + Rounding.bpsUp(amount + 1, feeBps), room, "and one more would not fit");
    }

    function testFuzz_proportion(uint64 amount, uint64 part, uint64 whole) public pure {
        uint256 share = Rounding.proportionDown(amount, part, whole);
        assertLe(share, amount);
        if (whole == 0) assertEq(share, 0);
        else if (part >= whole) assertEq(share, amount);
        else assertTrue(share * whole <= uint256(amount) * part && (share + 1) * whole > uint256(amount) * part);
    }

    function testFuzz_ladderSurvivesPacking(
        uint16[4] memory milestones,
        uint16[4] memory rates,
        uint8 flags,
        uint8 count
    ) public pure {
        count = uint8(bound(count, 0, 4));
        ICollateral.Step[] memory steps = new ICollateral.Step[](count);
        for (uint256 i; i < count; ++i) {
            uint32 milestone = milestones[i] == 0 ? 1 : milestones[i];
            steps[i] = ICollateral.Step(milestone, uint16(bound(rates[i], 0, 10_000)), flags >> i & 1 == 1);
        }
        Ladder ladder = LadderCoder.pack(steps);
        assertEq(ladder.length(), count);
        assertEq(abi.encode(ladder.unpack()), abi.encode(steps));
    }
}
