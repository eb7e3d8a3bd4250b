// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Concentration} from "../../../contracts/lending/Concentration.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {FinancingId, GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {RiskBase} from "./doubles/RiskBase.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title The test is the desk. Two sources: one counts debtors and seller groups, the other places too.
abstract contract ConcentrationBase is RiskBase {
    uint256 internal constant UNCAPPED = type(uint56).max;
    uint24 internal constant DEBTOR = 7;
    uint24 internal constant GROUP = 3;
    uint24 internal constant WAREHOUSE = 11;
    bytes2 internal constant COUNTRY = "DE";
    FinancingId internal constant FIRST = FinancingId.wrap(1);
    FinancingId internal constant SECOND = FinancingId.wrap(2);

    IFundingSource internal source = IFundingSource(makeAddr("source"));
    IFundingSource internal placed = IFundingSource(makeAddr("source that counts places"));
    Concentration internal concentration;

    function setUp() public virtual override {
        super.setUp();
        concentration = new Concentration(address(this), address(manager));
        _allow(concentration.setDefaultCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        _allow(concentration.setCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        _allow(concentration.clearCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        concentration.setDefaultCap(placed, IConcentration.Dimension.Country, UNCAPPED);
    }

    function _keys() internal pure returns (IConcentration.Keys memory) {
        return
            IConcentration.Keys(
                OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), COUNTRY, OrganisationId.wrap(WAREHOUSE)
            );
    }

    function _keyOf(IConcentration.Dimension dimension) internal pure returns (uint256) {
        if (dimension == IConcentration.Dimension.Debtor) return DEBTOR;
        if (dimension == IConcentration.Dimension.SellerGroup) return GROUP;
        return dimension == IConcentration.Dimension.Country ? uint16(COUNTRY) : WAREHOUSE;
    }

    function _exposures(IFundingSource its) internal view returns (uint256[4] memory exposures) {
        for (uint256 i; i < 4; ++i) {
            IConcentration.Dimension dimension = IConcentration.Dimension(i);
            exposures[i] = concentration.exposureOf(its, dimension, _keyOf(dimension));
        }
    }
}

contract ConcentrationTest is ConcentrationBase {
    // Refusals

    function test_onlyTheDeskCounts() public {
        bytes memory refusal = abi.encodeWithSelector(IConcentration.OnlyDesk.selector, stranger, address(this));
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        concentration.assign(FIRST, source, _keys());
        vm.expectRevert(refusal);
        concentration.take(FIRST, 1);
        vm.expectRevert(refusal);
        concentration.give(FIRST, 1);
        vm.expectRevert(refusal);
        concentration.takeBy(source, OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), 1);
        vm.expectRevert(refusal);
        concentration.giveBy(source, OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), 1);
    }

    function test_onlyTheCreditOfficerCaps() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        concentration.setDefaultCap(source, IConcentration.Dimension.Debtor, 1);
        vm.expectRevert(refusal);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, 1);
        vm.expectRevert(refusal);
        concentration.clearCap(source, IConcentration.Dimension.Debtor, DEBTOR);
    }

    function test_capAboveWhatCanBeCountedIsRefused() public {
        bytes memory refusal = abi.encodeWithSelector(
            IConcentration.CapTooLarge.selector, IConcentration.Dimension.Debtor, UNCAPPED + 1, UNCAPPED
        );
        vm.expectRevert(refusal);
        concentration.setDefaultCap(source, IConcentration.Dimension.Debtor, UNCAPPED + 1);
        vm.expectRevert(refusal);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, UNCAPPED + 1);
    }

    function test_keyOfNobodyIsRefused() public {
        _expectKeyRefused(IConcentration.Dimension.Debtor, 0, type(uint24).max);
        _expectKeyRefused(IConcentration.Dimension.SellerGroup, uint256(type(uint24).max) + 1, type(uint24).max);
        _expectKeyRefused(IConcentration.Dimension.Country, uint256(type(uint16).max) + 1, type(uint16).max);
        _expectKeyRefused(IConcentration.Dimension.Warehouse, 0, type(uint24).max);
    }

    function _expectKeyRefused(IConcentration.Dimension dimension, uint256 key, uint256 most) private {
        bytes memory refusal = abi.encodeWithSelector(IConcentration.CapKeyInvalid.selector, dimension, key, most);
        vm.expectRevert(refusal);
        concentration.setCap(placed, dimension, key, 1);
        vm.expectRevert(refusal);
        concentration.clearCap(placed, dimension, key);
    }

    function test_placesCannotBeCappedOnceTheSourceLends() public {
        concentration.assign(FIRST, source, _keys());
        for (uint256 i = 2; i < 4; ++i) {
            IConcentration.Dimension dimension = IConcentration.Dimension(i);
            bytes memory refusal = abi.encodeWithSelector(IConcentration.PlacesUncounted.selector, source, dimension);
            vm.expectRevert(refusal);
            concentration.setDefaultCap(source, dimension, 1);
            vm.expectRevert(refusal);
            concentration.setCap(source, dimension, 1, 1);
        }
        assertFalse(concentration.countsPlaces(source));
    }

    function test_nobodysFinancingIsRefused() public {
        bytes memory refusal = abi.encodeWithSelector(IConcentration.FinancingUnassigned.selector, FIRST);
        vm.expectRevert(refusal);
        concentration.take(FIRST, 1);
        vm.expectRevert(refusal);
        concentration.give(FIRST, 1);
        vm.expectRevert(refusal);
        concentration.room(FIRST);
        vm.expectRevert(abi.encodeWithSelector(IConcentration.SourceZero.selector, FIRST));
        concentration.assign(FIRST, IFundingSource(address(0)), _keys());
    }

    function test_moreThanIsOutCannotComeBack() public {
        concentration.assign(FIRST, source, _keys());
        concentration.take(FIRST, 100);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConcentration.ExposureTooLow.selector, IConcentration.Dimension.Debtor, DEBTOR, 101, 100
            )
        );
        concentration.give(FIRST, 101);
    }

    // What happens

    function test_assignedFinancingCounts() public {
        vm.expectEmit(address(concentration));
        emit IConcentration.FinancingAssigned(FIRST, source, _keys());
        concentration.assign(FIRST, source, _keys());
        assertEq(abi.encode(concentration.keysOf(FIRST)), abi.encode(_keys()));
        assertEq(address(concentration.sourceOf(FIRST)), address(source));
        assertEq(concentration.room(FIRST), UNCAPPED);

        assertEq(concentration.take(FIRST, 100), 100);
        assertEq(abi.encode(_exposures(source)), abi.encode([uint256(100), 100, 0, 0]));
        concentration.give(FIRST, 40);
        assertEq(abi.encode(_exposures(source)), abi.encode([uint256(60), 60, 0, 0]));
        assertEq(abi.encode(_exposures(placed)), abi.encode([uint256(0), 0, 0, 0]));
    }

    function test_placesCountWhereTheyWereCappedBeforeTheFirstFinancing() public {
        assertTrue(concentration.countsPlaces(placed));
        concentration.assign(FIRST, placed, _keys());
        concentration.take(FIRST, 100);
        assertEq(abi.encode(_exposures(placed)), abi.encode([uint256(100), 100, 100, 100]));
        concentration.setCap(placed, IConcentration.Dimension.Warehouse, WAREHOUSE, 130);
        assertEq(concentration.take(FIRST, 100), 30);
        concentration.give(FIRST, 130);
        assertEq(abi.encode(_exposures(placed)), abi.encode([uint256(0), 0, 0, 0]));
    }

    function test_firstCapOnAPlaceIsAnnounced() public {
        vm.expectEmit(address(concentration));
        emit IConcentration.PlacesCounted(source);
        vm.expectEmit(address(concentration));
        emit IConcentration.CapSet(source, IConcentration.Dimension.Warehouse, WAREHOUSE, 5);
        concentration.setCap(source, IConcentration.Dimension.Warehouse, WAREHOUSE, 5);
        concentration.assign(FIRST, source, _keys());
        assertEq(concentration.take(FIRST, 9), 5);
    }

    function test_fieldThatDoesNotApplyIsNotCounted() public {
        IConcentration.Keys memory keys;
        concentration.setDefaultCap(source, IConcentration.Dimension.Debtor, 0);
        concentration.assign(FIRST, source, keys);
        assertEq(concentration.take(FIRST, 100), 100);
        assertEq(concentration.exposureOf(source, IConcentration.Dimension.Debtor, 0), 0);
        concentration.give(FIRST, 100);
    }

    function test_ownCapGoesBeforeTheDefault() public {
        concentration.assign(FIRST, source, _keys());
        vm.expectEmit(address(concentration));
        emit IConcentration.DefaultCapSet(source, IConcentration.Dimension.Debtor, 50);
        concentration.setDefaultCap(source, IConcentration.Dimension.Debtor, 50);
        assertEq(concentration.capOf(source, IConcentration.Dimension.Debtor, DEBTOR), 50);
        assertEq(concentration.room(FIRST), 50);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, 80);
        assertEq(concentration.capOf(source, IConcentration.Dimension.Debtor, DEBTOR), 80);
        assertEq(concentration.capOf(source, IConcentration.Dimension.Debtor, DEBTOR + 1), 50);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, 0);
        assertEq(concentration.take(FIRST, 100), 0);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, UNCAPPED);
        assertEq(concentration.room(FIRST), UNCAPPED);
        vm.expectEmit(address(concentration));
        emit IConcentration.CapCleared(source, IConcentration.Dimension.Debtor, DEBTOR);
        concentration.clearCap(source, IConcentration.Dimension.Debtor, DEBTOR);
        assertEq(concentration.take(FIRST, 100), 50);
    }

    function test_capBelowWhatIsOutStopsDrawsAndCallsNothingBack() public {
        concentration.assign(FIRST, source, _keys());
        concentration.take(FIRST, 100);
        concentration.setCap(source, IConcentration.Dimension.SellerGroup, GROUP, 40);
        assertEq(concentration.room(FIRST), 0);
        assertEq(concentration.take(FIRST, 1), 0);
        concentration.give(FIRST, 70);
        assertEq(concentration.take(FIRST, 100), 10);
    }

    function test_cappingLaterKnowsWhatIsOut() public {
        concentration.assign(FIRST, source, _keys());
        concentration.take(FIRST, 100);
        concentration.setDefaultCap(source, IConcentration.Dimension.Debtor, 120);
        assertEq(concentration.take(FIRST, 100), 20);
    }

    function test_financingMovesToAnotherSource() public {
        concentration.assign(FIRST, source, _keys());
        concentration.take(FIRST, 100);
        concentration.give(FIRST, 100);
        concentration.assign(FIRST, placed, _keys());
        concentration.take(FIRST, 100);
        assertEq(abi.encode(_exposures(source)), abi.encode([uint256(0), 0, 0, 0]));
        assertEq(abi.encode(_exposures(placed)), abi.encode([uint256(100), 100, 100, 100]));
    }

    // Fuzz

    /// @dev The expectation is the least of what four separate comparisons leave.
    function testFuzz_drawIsWhatTheTightestCapLeaves(uint56[4] memory caps, uint56[3] memory wanted) public {
        concentration.assign(FIRST, placed, _keys());
        concentration.assign(SECOND, placed, _keys());
        uint256 least = UNCAPPED;
        for (uint256 i; i < 4; ++i) {
            IConcentration.Dimension dimension = IConcentration.Dimension(i);
            if (caps[i] % 2 == 0) concentration.setDefaultCap(placed, dimension, caps[i]);
            else concentration.setCap(placed, dimension, _keyOf(dimension), caps[i]);
            if (caps[i] < least) least = caps[i];
        }
        uint256 out;
        for (uint256 i; i < 3; ++i) {
            uint256 expected = out + wanted[i] > least ? least - out : wanted[i];
            FinancingId id = i == 1 ? SECOND : FIRST;
            assertEq(concentration.room(id), least - out);
            assertEq(concentration.take(id, wanted[i]), expected);
            out += expected;
        }
        assertEq(abi.encode(_exposures(placed)), abi.encode([out, out, out, out]));
    }

    /// @dev By number or by keys: the same is granted and counted.
    function testFuzz_byItsKeysOrByItsNumber(uint56[2] memory caps, uint56[2] memory wanted, uint56 back) public {
        assertFalse(concentration.assign(FIRST, source, _keys()));
        assertTrue(concentration.assign(SECOND, placed, _keys()));
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, caps[0]);
        concentration.setCap(source, IConcentration.Dimension.SellerGroup, GROUP, caps[1]);
        (OrganisationId debtor, GroupId group) = (OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP));
        uint256 snapshot = vm.snapshotState();
        uint256 granted;
        for (uint256 i; i < 2; ++i) {
            granted += concentration.take(FIRST, wanted[i]);
        }
        back = uint56(bound(back, 0, granted));
        concentration.give(FIRST, back);
        bytes memory byNumber = abi.encode(granted, _exposures(source));
        vm.revertToState(snapshot);
        uint256 again;
        for (uint256 i; i < 2; ++i) {
            again += concentration.takeBy(source, debtor, group, wanted[i]);
        }
        concentration.giveBy(source, debtor, group, back);
        assertEq(abi.encode(again, _exposures(source)), byNumber);
        assertEq(concentration.exposureOf(source, IConcentration.Dimension.Debtor, DEBTOR), granted - back);
    }

    function testFuzz_wantingMoreThanCanBeCounted(uint256 wanted) public {
        wanted = bound(wanted, UNCAPPED, type(uint256).max);
        concentration.assign(FIRST, source, _keys());
        assertEq(concentration.take(FIRST, wanted), UNCAPPED);
        assertEq(concentration.take(FIRST, wanted), 0);
        concentration.give(FIRST, UNCAPPED);
        assertEq(abi.encode(_exposures(source)), abi.encode([uint256(0), 0, 0, 0]));
    }

    function testFuzz_whatGoesOutComesBack(uint56 first, uint56 second, uint56 back) public {
        (first, second) = (first / 2, second / 2);
        back = uint56(bound(back, 0, first));
        concentration.assign(FIRST, placed, _keys());
        IConcentration.Keys memory keys = _keys();
        keys.debtor = OrganisationId.wrap(DEBTOR + 1);
        concentration.assign(SECOND, placed, keys);
        concentration.take(FIRST, first);
        concentration.take(SECOND, second);
        concentration.give(FIRST, back);
        uint256 shared = uint256(first) - back + second;
        assertEq(abi.encode(_exposures(placed)), abi.encode([uint256(first) - back, shared, shared, shared]));
    }
}

/// @dev A desk that says what its calls cost, however the test itself is run.
contract ConcentrationProbe {
    function assign(Concentration its, FinancingId id, IFundingSource source, IConcentration.Keys calldata keys)
        external
    {
        its.assign(id, source, keys);
    }

    function take(Concentration its, FinancingId id, uint256 wanted) external returns (uint256 gas) {
        gas = gasleft();
        its.take(id, wanted);
        gas -= gasleft();
    }

    function give(Concentration its, FinancingId id, uint256 amount) external returns (uint256 gas) {
        gas = gasleft();
        its.give(id, amount);
        gas -= gasleft();
    }
}

/// @title A draw and a repayment with cold storage and counters in use, as calls from the desk. The cold account (2,600),
/// the financing's word (2,100) and two counters read and rewritten (10,000) are 14,700 of it: nothing can go below.
contract ConcentrationGasTest is ConcentrationBase {
    ConcentrationProbe private _probe;

    function setUp() public override {
        super.setUp();
        _probe = new ConcentrationProbe();
        concentration = new Concentration(address(_probe), address(manager));
        _allow(concentration.setDefaultCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        _allow(concentration.setCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        concentration.setCap(source, IConcentration.Dimension.Debtor, DEBTOR, 1_000_000);
        concentration.setCap(source, IConcentration.Dimension.SellerGroup, GROUP, 1_000_000);
        concentration.setDefaultCap(placed, IConcentration.Dimension.Country, 1_000_000);
        _probe.assign(concentration, FIRST, source, _keys());
        _probe.assign(concentration, SECOND, placed, _keys());
        _probe.take(concentration, FIRST, 1000);
        _probe.take(concentration, SECOND, 1000);
    }

    function test_gasOfTake() public {
        _within("take, two own caps", _probe.take(concentration, FIRST, 500), 18_000);
    }

    function test_gasOfGive() public {
        _within("give, two counters", _probe.give(concentration, FIRST, 500), 17_000);
    }

    function test_gasOfTakeWithPlacesAndDefaults() public {
        _within("take, four counters, default caps", _probe.take(concentration, SECOND, 500), 34_000);
    }

    function _within(string memory what, uint256 gas, uint256 budget) private {
        emit log_named_uint(what, gas);
        assertLe(gas, budget, what);
    }
}
