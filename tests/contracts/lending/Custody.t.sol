// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IConversions} from "../../../contracts/lending/interfaces/IConversions.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CashDouble} from "./doubles/CashDouble.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";

/// @title Taking parts of items into custody, and giving them back.
contract CustodyTest is CollateralBase {
    uint256 private constant OTHER_ITEM = uint256(keccak256("another invoice"));

    // Refusals

    function test_onlyTheDeskTakesReleasesAndSetsLadders() public {
        vm.startPrank(stranger);
        bytes memory reason = abi.encodeWithSelector(ICollateral.OnlyDesk.selector, stranger, desk);
        vm.expectRevert(reason);
        invoices.take(_id(1), FACILITY, supplier, ITEM, LEAST, GOODS, address(cash));
        vm.expectRevert(reason);
        invoices.release(_id(1), stranger);
        vm.expectRevert(reason);
        invoices.setLadder(FACILITY, _ladder());
    }

    function test_brokenLaddersAreRefused() public {
        ICollateral.Step[] memory steps = new ICollateral.Step[](0);
        _expectLadderInvalid(steps, 0);
        _expectLadderInvalid(new ICollateral.Step[](5), 5);
        steps = _ladder();
        steps[1].milestone = Milestones.DEPARTED;
        _expectLadderInvalid(steps, 1);
        steps = _ladder();
        steps[1].milestone = uint32(type(uint16).max) + 1;
        _expectLadderInvalid(steps, 1);
        steps = _ladder();
        steps[0].advanceRateBps = 0;
        _expectLadderInvalid(steps, 0);
        steps[0].advanceRateBps = 10_001;
        _expectLadderInvalid(steps, 0);
        steps[0].milestone = 0;
        _expectLadderInvalid(steps, 0);
    }

    function test_facilityWithoutLadderIsRefused() public {
        FacilityId bare = FacilityId.wrap(9);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderMissing.selector, bare));
        desk.take(invoices, _id(1), bare, supplier, ITEM, LEAST, GOODS);
    }

    function test_unitsOutOfRangeAreRefused() public {
        _expectUnits(0, FACE / 2);
        _expectUnits(FACE / 2 + 1, FACE / 2);
        token.bring(ReceivableId.wrap(ITEM), supplier, 1000);
        _expectUnits(FACE / 2, FACE / 2 - 1000);
    }

    /// @dev What is paid of the invoice does not lower the bound; what is credited does.
    function test_crumbsOfAnInvoiceAreRefused() public {
        _expectTooSmall(1, LEAST);
        _expectTooSmall(LEAST - 1, LEAST);
        token.bring(ReceivableId.wrap(ITEM), thirdTier, 1_000_000);
        _expectTooSmall(LEAST - 1, LEAST);
        token.dilute(ReceivableId.wrap(ITEM), thirdTier, 63);
        _expectTooSmall(LEAST - 1, LEAST);
        token.dilute(ReceivableId.wrap(ITEM), thirdTier, 1);
        _take(1, supplier, LEAST - 1);
        assertEq(_units(1), LEAST - 1);
    }

    /// @dev Whoever would shut the other holders out must pledge a quarter of the invoice for it.
    function test_fillingAllPlacesTakesAQuarterOfTheInvoice() public {
        for (uint64 i = 1; i <= 16; ++i) {
            _expectTooSmall(LEAST - 1, LEAST);
            _take(i, supplier, LEAST);
        }
        assertEq(invoices.unitsOf(ITEM), FACE / 4);
    }

    function test_onlyAcceptedInvoicesAreTaken() public {
        IReceivableToken.State needed = IReceivableToken.State.Accepted;
        for (uint8 state; state <= uint8(IReceivableToken.State.Disputed); ++state) {
            if (state == uint8(needed)) continue;
            _setState(IReceivableToken.State(state), 0);
            vm.expectRevert(abi.encodeWithSelector(ICollateral.ItemNotFinanceable.selector, ITEM, state, uint8(needed)));
            _take(1, supplier, LEAST);
        }
    }

    function test_anotherCurrencyIsRefused() public {
        CashDouble dollar = new CashDouble();
        vm.mockCall(stranger, abi.encodeWithSelector(IConversions.begin.selector), abi.encode(false));
        vm.prank(address(desk));
        vm.expectRevert(
            abi.encodeWithSelector(ICollateral.ItemCurrencyDiffers.selector, ITEM, address(cash), address(dollar))
        );
        invoices.take(_id(1), FACILITY, supplier, ITEM, LEAST, GOODS, address(dollar));
    }

    function test_financingWithAPledgeTakesNoOther() public {
        _take(1, supplier, LEAST);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeExists.selector, _id(1), ITEM));
        _take(1, supplier, LEAST);
        desk.release(_id(1), supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeExists.selector, _id(1), ITEM));
        _take(1, supplier, LEAST);
    }

    /// @dev Also after the first has been released: the goods have counted.
    function test_factsCountForOneItemOnly() public {
        _setUpInvoice(OTHER_ITEM);
        _take(1, supplier, LEAST);
        bytes memory reason = abi.encodeWithSelector(ICollateral.SubjectOfOtherItem.selector, GOODS, OTHER_ITEM, ITEM);
        vm.expectRevert(reason);
        desk.take(invoices, _id(2), FACILITY, supplier, OTHER_ITEM, LEAST, GOODS);
        desk.release(_id(1), supplier);
        vm.expectRevert(reason);
        desk.take(invoices, _id(2), FACILITY, supplier, OTHER_ITEM, LEAST, GOODS);
    }

    function test_aSeventeenthPledgeIsRefused() public {
        for (uint64 i = 1; i <= 16; ++i) {
            _take(i, supplier, LEAST);
        }
        vm.expectRevert(abi.encodeWithSelector(ICollateral.TooManyPledges.selector, ITEM, 16, 16));
        _take(17, secondTier, LEAST);
        desk.release(_id(7), supplier);
        _take(17, secondTier, LEAST);
        assertEq(invoices.financingsOf(ITEM).length, 16);
    }

    function test_releaseWithoutAPledgeIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeUnknown.selector, _id(5)));
        vm.prank(address(desk));
        invoices.release(_id(5), supplier);
    }

    /// @dev Units sent to the adapter unasked would belong to nobody.
    function test_unsolicitedUnitsAreRefused() public {
        vm.startPrank(supplier);
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, address(token), supplier));
        token.safeTransferFrom(supplier, address(invoices), ITEM, 1, "");
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, supplier, address(invoices)));
        invoices.onERC1155Received(address(invoices), supplier, ITEM, 1, "");
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnsolicitedItem.selector, supplier, address(invoices)));
        invoices.onERC1155BatchReceived(address(invoices), supplier, new uint256[](0), new uint256[](0), "");
    }

    // Happy path

    function test_takingTellsMaturityAndWhoseRiskItIs() public {
        (uint16 day, IConcentration.Keys memory keys) = _take(1, secondTier, LEAST);
        assertEq(day, DUE_DAY);
        assertEq(OrganisationId.unwrap(keys.debtor), 2);
        assertEq(GroupId.unwrap(keys.sellerGroup), 4);
        assertEq(keys.country, bytes2("DE"));
        assertEq(OrganisationId.unwrap(keys.warehouse), 0);
    }

    function test_everyTierPledgesItsPart() public {
        vm.expectEmit(address(invoices));
        emit ICollateral.CollateralTaken(_id(1), ITEM, supplier, FACE / 2, GOODS);
        _takeThree();
        assertEq(_held(), FACE);
        assertEq(invoices.unitsOf(ITEM), FACE);
        assertEq(_units(1), FACE / 2);
        assertEq(_units(3), FACE / 4);
        FinancingId[] memory financings = invoices.financingsOf(ITEM);
        assertEq(financings.length, 3);
        assertEq(FinancingId.unwrap(financings[1]), 2);
        (uint256 item, bytes32 subject,) = invoices.pledgeOf(_id(2));
        assertEq(item, ITEM);
        assertEq(subject, GOODS);
    }

    function test_oneHolderPledgesTwoParts() public {
        _take(1, supplier, 3_000_000);
        _take(2, supplier, 2_000_000);
        assertEq(_held(), FACE / 2);
        assertEq(_units(1) + _units(2), FACE / 2);
    }

    function test_releaseGivesBackOnePartAndLeavesTheOthers() public {
        _takeThree();
        vm.expectEmit(address(invoices));
        emit ICollateral.CollateralReleased(_id(2), ITEM, secondTier, FACE / 4, 0);
        desk.release(_id(2), secondTier);

        assertEq(token.balanceOf(secondTier, ITEM), FACE / 4);
        assertEq(_held(), FACE - FACE / 4);
        assertEq(invoices.unitsOf(ITEM), FACE - FACE / 4);
        assertEq(_units(1), FACE / 2);
        assertEq(_units(2), 0);
        FinancingId[] memory financings = invoices.financingsOf(ITEM);
        assertEq(financings.length, 2);
        assertEq(FinancingId.unwrap(financings[1]), 3);
        (uint256 item,,) = invoices.pledgeOf(_id(2));
        assertEq(item, ITEM, "what backed it stays on record");
    }

    /// @dev Its own uncollected money goes with it; its siblings' stays for them.
    function test_releaseGivesItsOwnCashBack() public {
        _takeThree();
        _bring(1_000_000);
        desk.release(_id(2), secondTier);

        assertEq(cash.balanceOf(secondTier), 250_000);
        assertEq(token.balanceOf(secondTier, ITEM), FACE / 4 - 250_000);
        assertEq(invoices.cashOf(_id(1)), 500_000);
        assertEq(invoices.cashOf(_id(3)), 250_000);
        assertEq(cash.balanceOf(address(invoices)), 750_000);
        assertEq(_units(3), FACE / 4 - 250_000);
    }

    function test_fullyPaidPledgeIsReleasedWithoutUnits() public {
        _take(1, supplier, LEAST);
        _bring(LEAST);
        desk.release(_id(1), supplier);
        assertEq(cash.balanceOf(supplier), LEAST);
        assertEq(_held(), 0);
        assertEq(invoices.financingsOf(ITEM).length, 0);
    }

    /// @dev What came in before belongs to those who were there before.
    function test_aNewcomerGetsNothingOfEarlierPayments() public {
        _take(1, supplier, FACE / 2);
        _bring(1_000_000);
        _take(2, secondTier, FACE / 4);
        assertEq(invoices.cashOf(_id(1)), 1_000_000);
        assertEq(invoices.cashOf(_id(2)), 0);
        assertEq(_units(1), FACE / 2 - 1_000_000);
        assertEq(_units(2), FACE / 4);
        assertEq(_held(), invoices.unitsOf(ITEM));
    }

    function test_openFinancingKeepsItsLadder() public {
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        ICollateral.Step[] memory steps = new ICollateral.Step[](1);
        steps[0] = ICollateral.Step(Milestones.DEPARTED, 9999, false);
        desk.setLadder(invoices, FACILITY, steps);
        assertEq(_base(1), 600_000);
        assertEq(invoices.ladder(FACILITY).length, 1);
        assertEq(invoices.ladder(FACILITY)[0].advanceRateBps, 9999);
        ICollateral.Step[] memory kept = invoices.ladderOf(_id(1));
        assertEq(abi.encode(kept), abi.encode(_ladder()));
        assertEq(invoices.ladder(FacilityId.wrap(9)).length, 0);
    }

    // Fuzz

    function testFuzz_laddersComeBackAsSet(uint256 seed, uint256 count) public {
        count = _bound(count, 1, 4);
        ICollateral.Step[] memory steps = new ICollateral.Step[](count);
        uint256 previous;
        for (uint256 i; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            previous = _bound(random, previous + 1, type(uint16).max - (count - 1 - i));
            steps[i] = ICollateral.Step(uint32(previous), uint16(_bound(random >> 16, 1, 10_000)), random >> 255 == 1);
        }
        desk.setLadder(invoices, FACILITY, steps);
        assertEq(abi.encode(invoices.ladder(FACILITY)), abi.encode(steps));
    }

    /// @dev Whatever is taken and released in whatever order: units in custody are the pledges' units.
    function testFuzz_takingAndReleasingKeepTheSums(uint256 seed) public {
        uint256 total;
        uint256[16] memory units;
        for (uint64 i = 1; i <= 16; ++i) {
            units[i - 1] = _bound(uint256(keccak256(abi.encode(seed, i))), LEAST, FACE / 32);
            _take(i, supplier, units[i - 1]);
            total += units[i - 1];
        }
        assertEq(_held(), total);
        for (uint64 i = 1; i <= 16; ++i) {
            if (uint256(keccak256(abi.encode(seed, i, "keep"))) % 2 == 0) continue;
            desk.release(_id(i), supplier);
            total -= units[i - 1];
        }
        assertEq(_held(), total);
        assertEq(invoices.unitsOf(ITEM), total);
        FinancingId[] memory left = invoices.financingsOf(ITEM);
        uint256 sum;
        for (uint256 i; i < left.length; ++i) {
            sum += _units(FinancingId.unwrap(left[i]));
        }
        assertEq(sum, total);
    }

    function _expectLadderInvalid(ICollateral.Step[] memory steps, uint256 step) private {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.LadderInvalid.selector, FACILITY, step));
        desk.setLadder(invoices, FACILITY, steps);
    }

    function _expectTooSmall(uint256 units, uint256 least) private {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.PledgeTooSmall.selector, ITEM, units, least));
        _take(99, supplier, units);
    }

    function _expectUnits(uint256 units, uint256 available) private {
        vm.expectRevert(abi.encodeWithSelector(ICollateral.UnitsOutOfRange.selector, ITEM, units, available));
        _take(1, supplier, units);
    }
}
