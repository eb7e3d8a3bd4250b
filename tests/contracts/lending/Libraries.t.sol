// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ladder, LadderCoder} from "../../../contracts/lending/Ladder.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {Rounding} from "../../../contracts/libraries/Rounding.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {Test} from "forge-std/Test.sol";

contract LibrariesTest is Test {
    function test_interestOfSixtyDays() public pure {
        // 60,000.00 at 9 % for 36 days of a year of 360: 540.00.
        uint256 numerator = Accrual.weightOf(6_000_000, 900) * 36 days;
        assertEq(Accrual.interestUp(numerator), 54_000);
        assertEq(Accrual.interestDown(numerator), 54_000);
        assertEq(Accrual.interestUp(numerator + 1), 54_001);
        assertEq(Accrual.interestDown(numerator + 1), 54_000);
    }

    function testFuzz_settlingLeavesWhatWasNotPaid(uint128 numerator, uint256 paid) public pure {
        uint256 due = Accrual.interestUp(numerator);
        paid = bound(paid, 0, due);
        uint256 settled = Accrual.settledBy(paid, numerator);
        assertLe(settled, numerator);
        assertEq(Accrual.interestUp(numerator - settled), due - paid, "cash and numerator agree on what is left");
        if (paid == due) assertEq(settled, numerator);
    }

    function testFuzz_splitSumsToTheAmount(uint64 amount, uint64 fees, uint64 interest, uint64 principal) public pure {
        Waterfall.Split memory parts = Waterfall.split(amount, Waterfall.Claims(fees, interest, principal));
        assertEq(parts.fees + parts.interest + parts.principal + parts.residual, amount);
        // Nobody is paid while somebody before it is still owed.
        if (parts.interest != 0) assertEq(parts.fees, fees);
        if (parts.principal != 0) assertEq(parts.interest, interest);
        if (parts.residual != 0) assertEq(parts.principal, principal);
        assertLe(parts.fees, fees);
        assertLe(parts.interest, interest);
        assertLe(parts.principal, principal);
    }

    function testFuzz_drawAndItsFeeFillTheRoom(uint64 room, uint16 feeBps) public pure {
        feeBps = uint16(bound(feeBps, 0, Rates.BPS));
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
        uint32[4] memory milestones,
        uint16[4] memory rates,
        uint8 flags,
        uint8 count
    ) public pure {
        count = uint8(bound(count, 0, 4));
        ICollateral.Step[] memory steps = new ICollateral.Step[](count);
        for (uint256 i; i < count; ++i) {
            uint32 milestone = milestones[i] == 0 ? 1 : milestones[i];
            steps[i] = ICollateral.Step(milestone, rates[i], flags >> i & 1 == 1);
        }
        Ladder ladder = LadderCoder.pack(steps);
        assertEq(ladder.length(), count);
        assertEq(abi.encode(ladder.unpack()), abi.encode(steps));
    }
}
