// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";

/// @title Allotting what comes in on a shared item, and handing it to the desk.
contract ForwardTest is CollateralBase {
    // Refusals

    function test_anItemThatBacksNothingIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemUnknown.selector, ITEM));
        invoices.onProceeds(ITEM);
        _take(1, supplier, LEAST);
        desk.release(_id(1), supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemUnknown.selector, ITEM));
        invoices.onProceeds(ITEM);
    }

    function test_aFinancingWithoutAPledgeIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeUnknown.selector, _id(1)));
        invoices.forward(_id(1));
    }

    /// @dev Whoever asks for one financing hears why it does not work.
    function test_forwardingOneTellsWhyTheDeskRefuses() public {
        _takeThree();
        _bring(400);
        desk.refuse(_id(2), true);
        vm.expectRevert("not now");
        invoices.forward(_id(2));
        assertEq(invoices.cashOf(_id(2)), 0, "nothing was brought in either");
    }

    // Happy path

    function test_nothingToForwardIsNothing() public {
        _takeThree();
        assertEq(invoices.forward(_id(1)), 0);
        invoices.onProceeds(ITEM);
        assertEq(cash.balanceOf(address(desk)), 0);
    }

    function test_hintAllotsAndForwardsToAll() public {
        _takeThree();
        _bring(4000);
        vm.expectEmit(address(invoices));
        emit ICollateral.ProceedsAllotted(_id(1), ITEM, 2000, FACE / 2 - 2000);
        vm.expectEmit(address(invoices));
        emit ICollateral.ProceedsForwarded(_id(3), ITEM, 1000, 0);
        vm.prank(stranger);
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(1)), 2000);
        assertEq(desk.received(_id(2)), 1000);
        assertEq(desk.received(_id(3)), 1000);
        assertEq(_units(1), FACE / 2 - 2000);
        assertEq(invoices.unitsOf(ITEM), FACE - 4000);
        assertEq(cash.balanceOf(address(invoices)), 0);
    }

    function test_forwardServesOneAndAllotsToAll() public {
        _takeThree();
        _bring(4000);
        vm.prank(stranger);
        assertEq(invoices.forward(_id(2)), 1000);
        assertEq(desk.received(_id(2)), 1000);
        assertEq(desk.received(_id(1)), 0);
        assertEq(invoices.cashOf(_id(1)), 2000);
        assertEq(invoices.forward(_id(2)), 0, "once");
        assertEq(invoices.forward(_id(1)), 2000);
        assertEq(invoices.forward(_id(3)), 1000);
        assertEq(cash.balanceOf(address(invoices)), 0);
    }

    function test_aStuckSiblingHoldsUpNobody() public {
        _takeThree();
        desk.refuse(_id(1), true);
        _bring(4000);
        vm.expectEmit(address(invoices));
        emit ICollateral.ForwardFailed(_id(1), ITEM, 2000);
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(2)), 1000);
        assertEq(desk.received(_id(3)), 1000);
        assertEq(invoices.cashOf(_id(1)), 2000);

        desk.release(_id(2), secondTier);
        _bring(2000);
        desk.refuse(_id(1), false);
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(1)), 2000 + 1333, "what waited and what came");
        assertEq(desk.received(_id(3)), 1000 + 667);
        assertEq(cash.balanceOf(address(invoices)), 0);
    }

    function test_hintForwardsTheFirstFourAndAnyoneTheRest() public {
        for (uint64 i = 1; i <= 6; ++i) {
            _take(i, supplier, LEAST);
        }
        _bring(600);
        invoices.onProceeds(ITEM);
        for (uint64 i = 1; i <= 6; ++i) {
            assertEq(desk.received(_id(i)), i <= 4 ? 100 : 0);
        }
        vm.prank(stranger);
        invoices.forward(_id(6));
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(5)), 100);
        assertEq(desk.received(_id(6)), 100);
    }

    /// @dev With little gas the money is brought in and waits; the call does not fail half-way.
    function test_hintWithLittleGasForwardsLess() public {
        _takeThree();
        _bring(4000);
        invoices.onProceeds{gas: 260_000}(ITEM);
        assertGt(invoices.cashOf(_id(3)), 0);
        assertEq(cash.balanceOf(address(invoices)) + cash.balanceOf(address(desk)), 4000);
        invoices.onProceeds(ITEM);
        assertEq(cash.balanceOf(address(desk)), 4000);
    }

    /// @dev Whatever the desk does with its gas, what was allotted stays so and waits: a syndicate's waterfall may take
    /// more than is left of a hint.
    function testFuzz_aDeskThatBurnsItsGasUndoesNothing(uint256 given) public {
        _takeThree();
        _bring(4000);
        given = bound(given, 450_000, 1_000_000);
        bytes memory code = address(desk).code;
        vm.etch(address(desk), hex"fe");
        invoices.onProceeds{gas: given}(ITEM);
        assertEq(invoices.cashOf(_id(1)), 2000);
        assertEq(invoices.cashOf(_id(2)) + invoices.cashOf(_id(3)), 2000);

        vm.etch(address(desk), code);
        invoices.onProceeds(ITEM);
        assertEq(cash.balanceOf(address(desk)), 4000);
    }

    /// @dev A payment and a credit note between two hints go through one allotment.
    function test_paymentAndDilutionTogether() public {
        _takeThree();
        _bring(1_000_000);
        _dilute(3_000_000);
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(1)), 500_000);
        assertEq(_units(1), 3_000_000);
        assertEq(_units(2), 1_500_000);
        assertEq(_units(3), 1_500_000);
    }

    function test_dilutionAloneMovesNoMoney() public {
        _takeThree();
        _dilute(FACE);
        invoices.onProceeds(ITEM);
        assertEq(_units(1) + _units(2) + _units(3), 0);
        assertEq(invoices.forward(_id(1)), 0);
        desk.release(_id(1), supplier);
        assertEq(cash.balanceOf(supplier), 0);
    }

    function test_paidInFull() public {
        _takeThree();
        _bring(FACE);
        _setState(IReceivableToken.State.Settled, 0);
        invoices.onProceeds(ITEM);
        assertEq(desk.received(_id(1)), FACE / 2);
        assertEq(desk.received(_id(3)), FACE / 4);
        assertEq(invoices.unitsOf(ITEM), 0);
        invoices.onProceeds(ITEM);
        assertEq(invoices.valueOf(_id(1)), 0);
    }

    /// @dev A payment of one minor unit on sixteen pledges goes to one of them.
    function test_oneUnitGoesToOne() public {
        for (uint64 i = 1; i <= 16; ++i) {
            _take(i, supplier, LEAST);
        }
        _bring(1);
        invoices.forward(_id(1));
        uint256 sum = desk.received(_id(1));
        for (uint64 i = 1; i <= 16; ++i) {
            sum += invoices.cashOf(_id(i));
        }
        assertEq(sum, 1);
        assertEq(invoices.unitsOf(ITEM), 16 * LEAST - 1);
    }

    // Fuzz

    /// @dev An independent reference: every share is compared with the exact fraction by cross-multiplication, over many
    /// payments and dilutions.
    function testFuzz_sharesAreExactToAUnitAndSum(uint256 seed, uint256 pledges) public {
        pledges = _bound(pledges, 1, 16);
        for (uint64 i = 1; i <= pledges; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            // Uneven parts are where rounding shows.
            _take(i, supplier, _bound(random >> 8, LEAST, random % 2 == 0 ? LEAST + 9 : FACE / 32));
        }
        for (uint256 round; round < 4; ++round) {
            uint256 random = uint256(keccak256(abi.encode(seed, "round", round)));
            _moveAndCompare(pledges, random);
        }
    }

    function _moveAndCompare(uint256 pledges, uint256 random) private {
        uint256 whole = _held();
        if (whole == 0) return;
        uint256 paid = _bound(random >> 8, 0, random % 3 == 0 ? 20 < whole ? 20 : whole : whole);
        uint256 diluted = random % 2 == 0 ? 0 : _bound(random >> 64, 0, whole - paid);
        uint256[] memory units = new uint256[](pledges + 1);
        uint256[] memory cashes = new uint256[](pledges + 1);
        for (uint64 i = 1; i <= pledges; ++i) {
            (units[i], cashes[i]) = (_units(i), invoices.cashOf(_id(i)));
        }
        if (paid != 0) _bring(paid);
        if (diluted != 0) _dilute(diluted);
        uint64 asker = uint64(_bound(random >> 128, 1, pledges));
        uint256 before = desk.received(_id(asker));
        invoices.forward(_id(asker));

        uint256 sum;
        uint256 sumUnits;
        for (uint64 i = 1; i <= pledges; ++i) {
            uint256 cash_ = invoices.cashOf(_id(i));
            if (i == asker) cash_ += desk.received(_id(i)) - before;
            uint256 got = cash_ - cashes[i];
            _assertShare(got, paid, units[i], whole);
            _assertShare(_units(i), whole - paid - diluted, units[i], whole);
            sum += got;
            sumUnits += _units(i);
        }
        assertEq(sum, paid, "cash");
        assertEq(sumUnits, _held(), "units");
        assertEq(sumUnits, invoices.unitsOf(ITEM));
    }

    /// @dev Less than one minor unit from total * part / whole, on either side.
    function _assertShare(uint256 got, uint256 total, uint256 part, uint256 whole) private pure {
        assertLt(got * whole, total * part + whole, "more than its share and a unit");
        assertGt((got + 1) * whole, total * part, "less than its share by a unit");
    }
}
