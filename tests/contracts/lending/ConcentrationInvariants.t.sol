// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Concentration} from "../../../contracts/lending/Concentration.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {FinancingId, GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {ConcentrationBase} from "./Concentration.t.sol";
import {Test} from "forge-std/Test.sol";

uint256 constant FINANCINGS = 6;

/// @dev Three debtors, two groups, two countries; every other financing has a warehouse.
function keysFor(uint256 id) pure returns (IConcentration.Keys memory) {
    return IConcentration.Keys(
        OrganisationId.wrap(uint24(id % 3 + 1)),
        GroupId.wrap(uint24(id % 4 / 2 + 1)),
        id < 4 ? bytes2("DE") : bytes2("FR"),
        OrganisationId.wrap(id % 2 == 0 ? 0 : 9)
    );
}

function keyOf(uint256 id, IConcentration.Dimension dimension) pure returns (uint256) {
    IConcentration.Keys memory keys = keysFor(id);
    if (dimension == IConcentration.Dimension.Debtor) return OrganisationId.unwrap(keys.debtor);
    if (dimension == IConcentration.Dimension.SellerGroup) return GroupId.unwrap(keys.sellerGroup);
    if (dimension == IConcentration.Dimension.Country) return uint16(keys.country);
    return OrganisationId.unwrap(keys.warehouse);
}

/// @dev The desk and the credit officer at once: draws, repays and moves six financings of two sources at random.
contract ConcentrationHandler is Test {
    Concentration private _concentration;
    address private immutable _officer;
    IFundingSource[2] private _sources;
    mapping(uint256 id => uint256) public principalOf;
    bool public drewPastACap;
    bool public grantedOtherThanThereWasRoom;

    constructor(address officer, IFundingSource[2] memory sources) {
        (_officer, _sources) = (officer, sources);
    }

    function connect(Concentration concentration) external {
        if (address(_concentration) != address(0)) return;
        _concentration = concentration;
        for (uint256 id = 1; id <= FINANCINGS; ++id) {
            concentration.assign(FinancingId.wrap(uint64(id)), _sources[id % 2], keysFor(id));
        }
    }

    function take(uint256 id, uint256 wanted) external {
        id = bound(id, 1, FINANCINGS);
        wanted = bound(wanted, 0, 1e9);
        _take(id, wanted);
    }

    function give(uint256 id, uint256 amount) external {
        id = bound(id, 1, FINANCINGS);
        amount = bound(amount, 0, principalOf[id]);
        _concentration.give(FinancingId.wrap(uint64(id)), amount);
        principalOf[id] -= amount;
    }

    /// @dev As a refinancing does: all of it leaves the one source, and as much as fits is drawn on the other.
    function move(uint256 id, uint256 to) external {
        id = bound(id, 1, FINANCINGS);
        FinancingId financing = FinancingId.wrap(uint64(id));
        uint256 principal = principalOf[id];
        _concentration.give(financing, principal);
        principalOf[id] = 0;
        _concentration.assign(financing, _sources[to % 2], keysFor(id));
        _take(id, principal);
    }

    function setDefaultCap(uint256 source, uint256 dimension, uint256 cap) external {
        vm.prank(_officer);
        _concentration.setDefaultCap(_sources[source % 2], _dimension(source, dimension), bound(cap, 0, 4e9));
    }

    function setCap(uint256 source, uint256 dimension, uint256 id, uint256 cap) external {
        IConcentration.Dimension its = _dimension(source, dimension);
        uint256 key = keyOf(bound(id, 1, FINANCINGS), its);
        if (key == 0) return;
        vm.prank(_officer);
        _concentration.setCap(_sources[source % 2], its, key, bound(cap, 0, 4e9));
    }

    function clearCap(uint256 source, uint256 dimension, uint256 id) external {
        IConcentration.Dimension its = _dimension(source, dimension);
        uint256 key = keyOf(bound(id, 1, FINANCINGS), its);
        if (key == 0) return;
        vm.prank(_officer);
        _concentration.clearCap(_sources[source % 2], its, key);
    }

    function _take(uint256 id, uint256 wanted) private {
        FinancingId financing = FinancingId.wrap(uint64(id));
        uint256 room = _concentration.room(financing);
        uint256 granted = _concentration.take(financing, wanted);
        principalOf[id] += granted;
        if (granted != (wanted < room ? wanted : room)) grantedOtherThanThereWasRoom = true;
        if (granted == 0) return;
        IFundingSource source = _concentration.sourceOf(financing);
        for (uint256 i; i < (_concentration.countsPlaces(source) ? 4 : 2); ++i) {
            IConcentration.Dimension its = IConcentration.Dimension(i);
            uint256 key = keyOf(id, its);
            if (key == 0) continue;
            uint256 exposure = _concentration.exposureOf(source, its, key);
            if (exposure > _concentration.capOf(source, its, key)) drewPastACap = true;
        }
    }

    /// @dev The first source counts no places.
    function _dimension(uint256 source, uint256 dimension) private pure returns (IConcentration.Dimension) {
        return IConcentration.Dimension(dimension % (source % 2 == 0 ? 2 : 4));
    }
}

contract ConcentrationInvariants is ConcentrationBase {
    ConcentrationHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new ConcentrationHandler(address(this), [source, placed]);
        Concentration its = new Concentration(address(_handler), address(manager));
        bytes4[] memory selectors = new bytes4[](3);
        (selectors[0], selectors[1], selectors[2]) =
        (its.setDefaultCap.selector, its.setCap.selector, its.clearCap.selector);
        manager.setTargetFunctionRole(address(its), selectors, Offices.CREDIT_OFFICER);
        concentration = its;
        its.setDefaultCap(placed, IConcentration.Dimension.Country, UNCAPPED);
        _handler.connect(its);
        targetContract(address(_handler));
    }

    function invariant_concentration_exposure_is_the_sum_over_financings() public view {
        uint256[] memory onSource = new uint256[](FINANCINGS + 1);
        uint256[] memory onPlaced = new uint256[](FINANCINGS + 1);
        for (uint256 id = 1; id <= FINANCINGS; ++id) {
            bool isPlaced = concentration.sourceOf(FinancingId.wrap(uint64(id))) == placed;
            (isPlaced ? onPlaced : onSource)[id] = _handler.principalOf(id);
        }
        for (uint256 i; i < 4; ++i) {
            IConcentration.Dimension its = IConcentration.Dimension(i);
            for (uint256 id = 1; id <= FINANCINGS; ++id) {
                uint256 key = keyOf(id, its);
                assertEq(concentration.exposureOf(placed, its, key), _sum(onPlaced, its, key));
                assertEq(concentration.exposureOf(source, its, key), i < 2 ? _sum(onSource, its, key) : 0);
            }
        }
    }

    /// @return sum of the principals with the key; nothing for a dimension that does not apply
    function _sum(uint256[] memory principals, IConcentration.Dimension dimension, uint256 key)
        private
        pure
        returns (uint256 sum)
    {
        if (key == 0) return 0;
        for (uint256 id = 1; id <= FINANCINGS; ++id) {
            if (keyOf(id, dimension) == key) sum += principals[id];
        }
    }

    function invariant_concentration_no_draw_passes_a_cap() public view {
        assertFalse(_handler.drewPastACap());
    }

    function invariant_concentration_grants_what_there_is_room_for() public view {
        assertFalse(_handler.grantedOtherThanThereWasRoom());
    }

    function invariant_concentration_room_is_what_the_tightest_cap_leaves() public view {
        for (uint256 id = 1; id <= FINANCINGS; ++id) {
            FinancingId financing = FinancingId.wrap(uint64(id));
            IFundingSource its = concentration.sourceOf(financing);
            uint256 least = UNCAPPED;
            for (uint256 i; i < (its == placed ? 4 : 2); ++i) {
                IConcentration.Dimension dimension = IConcentration.Dimension(i);
                uint256 key = keyOf(id, dimension);
                if (key == 0) continue;
                uint256 cap = concentration.capOf(its, dimension, key);
                uint256 exposure = concentration.exposureOf(its, dimension, key);
                uint256 left = exposure < cap ? cap - exposure : 0;
                if (left < least) least = left;
            }
            assertEq(concentration.room(financing), least);
        }
    }
}
