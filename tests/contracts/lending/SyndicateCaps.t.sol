// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Concentration} from "../../../contracts/lending/Concentration.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {Offices} from "../../../contracts/types/Roles.sol";
import {ServicingBase} from "./ServicingBase.sol";
import {RiskBase} from "./doubles/RiskBase.sol";
import {RiskPool} from "./doubles/RiskPool.sol";

/// @title The test is the desk. Two pools lend alone, and two thirds and a third of what their syndicate lends.
contract SyndicateCapsTest is RiskBase {
    uint24 private constant DEBTOR = 7;
    uint24 private constant GROUP = 3;
    uint256 private constant BPS_FIRST = 6667;
    uint256 private constant BPS_SECOND = 3333;
    FinancingId private constant JOINT = FinancingId.wrap(1);
    FinancingId private constant ALONE = FinancingId.wrap(2);
    FinancingId private constant OTHER = FinancingId.wrap(3);

    Concentration private _book;
    IFundingSource private _first;
    IFundingSource private _second;
    IFundingSource private _joint;

    function setUp() public override {
        super.setUp();
        _book = new Concentration(address(this), address(manager));
        _allow(_book.setDefaultCap.selector, address(_book), Offices.CREDIT_OFFICER);
        _allow(_book.setCap.selector, address(_book), Offices.CREDIT_OFFICER);
        (_first, _second) = (new RiskPool(euro), new RiskPool(euro));
        ISyndicate.Member[] memory members = new ISyndicate.Member[](2);
        members[0] = ISyndicate.Member(ILendingPool(address(_first)), uint16(BPS_FIRST), 2500, 9000);
        members[1] = ISyndicate.Member(ILendingPool(address(_second)), uint16(BPS_SECOND), 7500, 1000);
        _joint = new Syndicate(address(this), members);
    }

    // What binds

    function test_capOfAMemberBindsWhatTheSyndicateLends() public {
        _assign(JOINT, _joint);
        _cap(_first, IConcentration.Dimension.Debtor, 1000);
        assertEq(_book.room(JOINT), 1499, "of 1,500 the first pool's part would be 1,001");
        assertEq(_book.take(JOINT, 3000), 1499);
        assertEq(_debtorAt(_first), 1000);
        assertEq(_debtorAt(_second), 500);
        assertEq(_debtorAt(_joint), 1499);
        assertEq(_book.room(JOINT), 0);
        assertEq(_book.take(JOINT, 1), 0);
    }

    function test_directAndSyndicatedLendingShareOneCap() public {
        _assign(JOINT, _joint);
        _assign(ALONE, _first);
        _cap(_first, IConcentration.Dimension.SellerGroup, 1000);
        assertEq(_book.takeBy(_first, OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), 400), 400);
        assertEq(_book.take(JOINT, 3000), 899, "600 of the cap are left");
        assertEq(_book.room(ALONE), 0);
        _book.give(JOINT, 899);
        assertEq(_book.room(ALONE), 600);
        assertEq(_book.takeBy(_first, OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), 1000), 600);
        assertEq(_book.room(JOINT), 0);
    }

    function test_leastRoomOfAllDecides() public {
        _assign(JOINT, _joint);
        _cap(_first, IConcentration.Dimension.Debtor, 6667);
        _cap(_second, IConcentration.Dimension.SellerGroup, 333);
        assertEq(_book.room(JOINT), 999);
        _cap(_joint, IConcentration.Dimension.Debtor, 998);
        assertEq(_book.take(JOINT, 10_000), 998);
    }

    function test_memberAboveItsCapStopsTheSyndicate() public {
        _assign(JOINT, _joint);
        _book.take(JOINT, 1000);
        _cap(_second, IConcentration.Dimension.Debtor, 10);
        assertEq(_book.room(JOINT), 0);
        assertEq(_book.take(JOINT, 1), 0);
        _book.give(JOINT, 1000);
        assertEq(_book.take(JOINT, 1000), 30);
    }

    function test_defaultCapOfAMemberBindsToo() public {
        _assign(JOINT, _joint);
        _book.setDefaultCap(_second, IConcentration.Dimension.Debtor, 333);
        assertEq(_book.take(JOINT, 5000), 999);
    }

    // Places

    function test_placesOfAMemberAreCountedOfTheSyndicate() public {
        _book.setDefaultCap(_second, IConcentration.Dimension.Country, 100);
        vm.expectEmit(address(_book));
        emit IConcentration.PlacesCounted(_joint);
        _assign(JOINT, _joint);
        assertTrue(_book.countsPlaces(_joint));
        assertFalse(_book.countsPlaces(_first));
        assertEq(_book.take(JOINT, 5000), 300);
        assertEq(_exposure(_second, IConcentration.Dimension.Country, uint16(bytes2("DE"))), 100);
        assertEq(_exposure(_first, IConcentration.Dimension.Country, uint16(bytes2("DE"))), 0);
        assertEq(_exposure(_second, IConcentration.Dimension.Warehouse, 11), 100);
    }

    function test_placesOfAMemberAreSettledByTheSyndicatesFirstFinancing() public {
        _assign(JOINT, _joint);
        vm.expectRevert(
            abi.encodeWithSelector(IConcentration.PlacesUncounted.selector, _first, IConcentration.Dimension.Country)
        );
        _book.setDefaultCap(_first, IConcentration.Dimension.Country, 1);
    }

    // Who is a member

    function test_membersAreKnownFromTheFirstFinancingOn() public {
        assertEq(_book.membersOf(_joint).length, 0);
        assertTrue(_book.assign(JOINT, _joint, _keys()), "only take and give know the members");
        _assign(OTHER, _joint);
        IConcentration.Share[] memory members = _book.membersOf(_joint);
        assertEq(members.length, 2);
        assertEq(address(members[1].source), address(_second));
        assertEq(members[1].fundingBps, BPS_SECOND);
        assertEq(_book.syndicatesOf(_first).length, 1);
        assertEq(address(_book.syndicatesOf(_first)[0].source), address(_joint));
        assertFalse(_book.assign(ALONE, _first, _keys()), "a pool's go the short way");
        assertEq(_book.membersOf(_first).length, 0);
    }

    // Properties

    /// @dev However it came and went, a member's part is its share of what stands, rounded up, and nothing at the end.
    function testFuzz_partsFollowTheWhole(uint256 seed, uint8 steps) public {
        _assign(JOINT, _joint);
        _assign(OTHER, _joint);
        _cap(_first, IConcentration.Dimension.Debtor, 1e9);
        uint256[2] memory out;
        for (uint256 i; i < steps % 24; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            uint256 which = dice % 2;
            FinancingId id = which == 0 ? JOINT : OTHER;
            if (dice >> 8 & 1 == 0) {
                uint256 left = _book.room(id);
                uint256 wanted = (dice >> 16) % 1e9;
                uint256 granted = _book.take(id, wanted);
                assertEq(granted, wanted < left ? wanted : left);
                out[which] += granted;
            } else {
                uint256 back = (dice >> 16) % (out[which] + 1);
                _book.give(id, back);
                out[which] -= back;
            }
            _assertParts(out[0] + out[1]);
        }
        _book.give(JOINT, out[0]);
        _book.give(OTHER, out[1]);
        _assertParts(0);
    }

    /// @dev What is granted fits every cap, and one minor unit more would not.
    function testFuzz_roomIsTheMostThatFits(uint40 stands, uint40 cap) public {
        _assign(JOINT, _joint);
        _book.take(JOINT, stands);
        _cap(_first, IConcentration.Dimension.Debtor, cap);
        uint256 before = _debtorAt(_first);
        uint256 granted = _book.take(JOINT, type(uint48).max);
        if (before >= cap) return assertEq(granted, 0);
        assertLe(_debtorAt(_first), cap);
        assertGt((stands + granted + 1) * BPS_FIRST, uint256(cap) * 10_000);
    }

    function _assertParts(uint256 whole) private view {
        assertEq(_debtorAt(_joint), whole);
        assertEq(_debtorAt(_first), _ceil(whole * BPS_FIRST));
        assertEq(_debtorAt(_second), _ceil(whole * BPS_SECOND));
        assertEq(_exposure(_second, IConcentration.Dimension.SellerGroup, GROUP), _ceil(whole * BPS_SECOND));
        assertLe(_debtorAt(_first), 1e9);
    }

    function _ceil(uint256 bps) private pure returns (uint256) {
        return bps % 10_000 == 0 ? bps / 10_000 : bps / 10_000 + 1;
    }

    function _assign(FinancingId id, IFundingSource source) private {
        _book.assign(id, source, _keys());
    }

    function _keys() private pure returns (IConcentration.Keys memory) {
        return IConcentration.Keys(OrganisationId.wrap(DEBTOR), GroupId.wrap(GROUP), "DE", OrganisationId.wrap(11));
    }

    function _cap(IFundingSource source, IConcentration.Dimension dimension, uint256 cap) private {
        _book.setCap(source, dimension, dimension == IConcentration.Dimension.Debtor ? DEBTOR : GROUP, cap);
    }

    function _debtorAt(IFundingSource source) private view returns (uint256) {
        return _exposure(source, IConcentration.Dimension.Debtor, DEBTOR);
    }

    function _exposure(IFundingSource source, IConcentration.Dimension dimension, uint256 key)
        private
        view
        returns (uint256)
    {
        return _book.exposureOf(source, dimension, key);
    }
}

/// @title The same on the network: one debtor, one pool that lends alone and in a syndicate.
contract SyndicateCapsOnTheNetworkTest is ServicingBase {
    LendingPool private _other;
    Syndicate private _syndicate;
    FacilityId private _line;

    function setUp() public override {
        super.setUp();
        TrancheVault itsJunior;
        (_other,, itsJunior,) = _deployPool(euro, 400, 0);
        _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
        ISyndicate.Member[] memory members = new ISyndicate.Member[](2);
        members[0] = ISyndicate.Member(pool, 6000, 6000, 6000);
        members[1] = ISyndicate.Member(_other, 4000, 4000, 4000);
        _syndicate = new Syndicate(address(desk), members);
        registry.admitAccount(operator.lei, address(_syndicate));
        pool.listSyndicate(address(_syndicate));
        _other.listSyndicate(address(_syndicate));
        desk.listPool(_syndicate, true);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = _syndicate;
        _line = _openFacility(terms);
    }

    function test_aPoolsCapHoldsOverBothWaysOfLending() public {
        FinancingId own = _open();
        _depart(SHIPMENT);
        uint256 alone = _principal(own);
        _setCaps(pool, alone + 600_000);
        FinancingId joint = _financed("joint", FACE_VALUE, _line);
        assertEq(_principal(joint), 1_000_000, "60 % of it are the pool's 600,000");
        assertEq(concentration.exposureOf(pool, IConcentration.Dimension.Debtor, _debtorKey()), alone + 600_000);
        _assertHealthy(_healthOf(pool, _other));

        _repayAll(own);
        desk.poke(joint);
        assertGt(_principal(joint), 1_000_000, "what came back makes room for the syndicate");
        _repayAll(joint);
        assertEq(concentration.exposureOf(pool, IConcentration.Dimension.Debtor, _debtorKey()), 0);
        _assertHealthy(_healthOf(pool, _other));
    }

    function _debtorKey() private view returns (uint256) {
        return OrganisationId.unwrap(borealis.id);
    }
}
