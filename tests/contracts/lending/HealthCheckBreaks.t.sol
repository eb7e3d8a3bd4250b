// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {IHealthCheck} from "../../../contracts/lending/interfaces/IHealthCheck.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../../../contracts/types/Ids.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title Each statement, broken alone: the check names it and what it does not hold for. Money is taken away where it
/// lies; where the contracts leave no way to a wrong book, their answer is replaced.
contract HealthCheckBreaksTest is ServicingBase {
    HealthCheck private _health;
    LendingPool private _other;
    Syndicate private _syndicate;
    FacilityId private _joint;
    FinancingId private _id;
    FinancingId private _shared;

    function setUp() public override {
        super.setUp();
        (_other,,,) = _deployPool(euro, 400, 0);
        _syndicate = _join();
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = _syndicate;
        _joint = _openFacility(terms);
        concentration.setDefaultCap(_syndicate, IConcentration.Dimension.Country, CAP);
        _fundOther();
        _id = _open();
        _depart(SHIPMENT);
        _shared = _financed("joint", FACE_VALUE, _joint);
        _sponsor(1_000_000);
        vm.warp(START + 15 days);
        _health = _healthOf(pool, _other);
        _assertHealthy(_health);
    }

    // Pools

    function test_poolsMoney() public {
        deal(address(euro), address(pool), euro.balanceOf(address(pool)) - 1);
        _assertBroken("the pool holds the money that it counts", pool);
    }

    function test_reservesMoney() public {
        deal(address(euro), address(reserve), euro.balanceOf(address(reserve)) - 1);
        _assertBroken("the reserve holds the money that it counts", pool);
    }

    function test_expectedLosses() public {
        ILendingPool.Books memory books = pool.books();
        books.impairment = books.principalOut + 1;
        _mockBooks(books);
        _assertBroken("expected losses are within the principal out", pool);
    }

    function test_exitAboveEntry() public {
        (uint256 entry,) = pool.trancheAssets(Tranche.Junior);
        _mockTranche(Tranche.Junior, entry, entry + 1);
        _assertBroken("shares are never given back above entry", pool);
        vm.clearMockedCalls();
        (entry,) = pool.trancheAssets(Tranche.Senior);
        _mockTranche(Tranche.Senior, entry, entry + 1);
        _assertBroken("shares are never given back above entry", pool);
    }

    function test_netAssets() public {
        (uint256 entry, uint256 exit) = pool.trancheAssets(Tranche.Junior);
        _mockTranche(Tranche.Junior, entry, exit - 1);
        _assertBroken("the tranches share the net assets", pool);
    }

    function test_grossAssets() public {
        (uint256 entry, uint256 exit) = pool.trancheAssets(Tranche.Junior);
        _mockTranche(Tranche.Junior, entry + 1, exit);
        _assertBroken("the tranches share the gross assets", pool);
    }

    function test_seniorsClaim() public {
        (uint256 entry,) = pool.trancheAssets(Tranche.Senior);
        vm.mockCall(address(pool), abi.encodeCall(pool.seniorClaim, ()), abi.encode(entry - 1));
        _assertBroken("senior has no more than its claim", pool);
    }

    function test_principalOut() public {
        ILendingPool.Books memory books = pool.books();
        books.principalOut += 1;
        _mockBooks(books);
        _assertBroken("principal out is the sum of the financings'", pool);
    }

    function test_sumOfExpectedLosses() public {
        ILendingPool.Books memory books = pool.books();
        books.impairment = 1;
        _mockBooks(books);
        _assertBroken("expected losses are the sum of the financings'", pool);
    }

    function test_income() public {
        uint256 income = pool.accruedIncome();
        assertGt(income, 0);
        vm.mockCall(address(pool), abi.encodeCall(pool.accruedIncome, ()), abi.encode(income - 1));
        _assertBroken("income is the sum of the financings'", pool);
    }

    function test_theSecondPoolIsAskedToo() public {
        deal(address(euro), address(_other), euro.balanceOf(address(_other)) - 1);
        _assertBroken("the pool holds the money that it counts", _other);
    }

    // Sources and syndicates

    function test_poolThatIsNotKnown() public {
        (LendingPool third,,,) = _deployPool(euro, 0, 0);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = third;
        desk.openFacility(terms);
        _assertBroken("every source of money is known here", third);
    }

    function test_memberThatIsNotKnown() public {
        _health = _healthOf(pool);
        _assertBroken("every source of money is known here", _syndicate);
    }

    function test_partsOfPrincipal() public {
        ISyndicate.Position memory position = _syndicate.positionOf(pool);
        position.principalOut += 1;
        vm.mockCall(address(_syndicate), abi.encodeCall(_syndicate.positionOf, (pool)), abi.encode(position));
        _assertBroken("a syndicate's parts are the sum of the financings'", _syndicate);
    }

    function test_partsOfExpectedLosses() public {
        ISyndicate.Position memory position = _syndicate.positionOf(_other);
        position.impairment += 1;
        vm.mockCall(address(_syndicate), abi.encodeCall(_syndicate.positionOf, (_other)), abi.encode(position));
        _assertBroken("a syndicate's parts are the sum of the financings'", _syndicate);
    }

    function test_partsOfIncome() public {
        bytes memory question = abi.encodeCall(_syndicate.accruedNumeratorOf, (_other, DayCount.Actual360));
        uint256 numerator = _syndicate.accruedNumeratorOf(_other, DayCount.Actual360);
        vm.mockCall(address(_syndicate), question, abi.encode(numerator + 1));
        _assertBroken("a syndicate's parts are the sum of the financings'", _syndicate);
    }

    // Facilities

    function test_drawnOfARevolvingFacility() public {
        IFinancingDesk.Facility memory line = desk.facility(facility);
        line.drawn += 1;
        _mockFacility(facility, line);
        _assertBroken("drawn is the sum of the financings'", FacilityId.unwrap(facility));
    }

    function test_drawnOfAnotherFacility() public {
        IFinancingDesk.Facility memory line = desk.facility(facility);
        (line.terms.revolving, line.drawn) = (false, line.drawn + 1);
        _mockFacility(facility, line);
        _assertHealthy(_health);
        line.drawn -= 2;
        _mockFacility(facility, line);
        _assertBroken("what is out has been drawn", FacilityId.unwrap(facility));
    }

    function test_recourseToNothing() public {
        _repayAll(_id);
        IFinancingDesk.Facility memory line = desk.facility(facility);
        line.recourseTo = _id;
        _mockFacility(facility, line);
        _assertBroken("recourse is for a debt of the facility", FacilityId.unwrap(facility));
    }

    function test_recourseToAStranger() public {
        IFinancingDesk.Facility memory line = desk.facility(facility);
        line.recourseTo = _shared;
        _mockFacility(facility, line);
        _assertBroken("recourse is for a debt of the facility", FacilityId.unwrap(facility));
    }

    function test_parkedMoney() public {
        registry.freezeAccount(supplier);
        _payItem(ITEM, FACE_VALUE);
        uint256 parked = desk.parked(supplier, address(euro));
        assertEq(euro.balanceOf(address(desk)), parked);
        _assertHealthy(_health);
        deal(address(euro), address(desk), parked - 1);
        _assertBroken("the desk holds the money that is parked", FacilityId.unwrap(facility));
    }

    /// @dev One supplier's money does not stand for another's.
    /// @dev Whoever has the facilities by now: a supplier's account may be another than the one that money waits for.
    function test_parkedMoneyOfAnAccountThatHasNoFacilityAnyMore() public {
        address next = makeAddr("Acme's new account");
        registry.admitAccount(acme.lei, next);
        uint256 before = desk.parkedInAll(address(euro));
        uint256 item = _itemOf("another");
        _accepted(item, FACE_VALUE, false);
        vm.prank(supplier);
        oracle.openSubject(bytes32(item), new bytes32[](0));
        _pledge(facility, item, FACE_VALUE, bytes32(item));
        registry.freezeAccount(supplier);
        _depart(bytes32(item));
        registry.unfreezeAccount(supplier);
        assertGt(desk.parkedInAll(address(euro)), before);
        assertEq(desk.parked(supplier, address(euro)), desk.parkedInAll(address(euro)));
        vm.prank(supplier);
        desk.moveFacility(facility, next);
        _assertHealthy(_health);
        vm.prank(address(desk));
        euro.transfer(treasury, 1);
        _assertBroken("the desk holds the money that is parked", FacilityId.unwrap(facility));
    }

    // Financings

    function test_repaidAndStillOwing() public {
        _repayAll(_id);
        _assertHealthy(_health);
        Waterfall.Claims memory claims;
        claims.fees = 1;
        vm.mockCall(address(desk), abi.encodeCall(desk.owed, (_id)), abi.encode(claims));
        _assertBroken("what is repaid owes nothing", FinancingId.unwrap(_id));
    }

    function test_expectedLossOfOne() public {
        IFinancingDesk.Financing memory its = desk.financing(_id);
        its.impairment = its.principal + 1;
        vm.mockCall(address(desk), abi.encodeCall(desk.financing, (_id)), abi.encode(its));
        (bool healthy, string memory broken, uint256 subject) = _health.checkFinancings(1, 2);
        assertFalse(healthy);
        assertEq(broken, "an expected loss is within the principal");
        assertEq(subject, FinancingId.unwrap(_id));
    }

    function test_collateralThatIsGone() public {
        bytes memory question = abi.encodeCall(invoices.financingsOf, (ITEM));
        vm.mockCall(address(invoices), question, abi.encode(new FinancingId[](0)));
        _assertBroken("a financing has its collateral", FinancingId.unwrap(_id));
    }

    function test_unitsOfAnItem() public {
        bytes memory question = abi.encodeCall(invoices.unitsOf, (ITEM));
        vm.mockCall(address(invoices), question, abi.encode(FACE_VALUE - 1));
        _assertBroken("an item's units are the sum of its pledges'", FinancingId.unwrap(_id));
    }

    function test_moneyThatWaits() public {
        _payItemAndLeaveItThere(ITEM, 1000);
        _payItemAndLeaveItThere(_itemOf("joint"), 2000);
        assertEq(euro.balanceOf(address(invoices)), 3000);
        _assertHealthy(_health);
        deal(address(euro), address(invoices), 2999);
        _assertBroken("a custodian holds the money that waits with it", FinancingId.unwrap(_id));
    }

    function test_sourceOfAnExposure() public {
        vm.mockCall(address(concentration), abi.encodeCall(concentration.sourceOf, (_id)), abi.encode(_other));
        _assertBroken("a financing counts at its source of money", FinancingId.unwrap(_id));
    }

    function test_exposures() public {
        _assertExposure(pool, IConcentration.Dimension.Debtor, OrganisationId.unwrap(borealis.id), _id);
        uint256 group = GroupId.unwrap(registry.membershipOf(supplier).group);
        _assertExposure(pool, IConcentration.Dimension.SellerGroup, group, _id);
        assertTrue(concentration.countsPlaces(_syndicate));
        _assertExposure(_syndicate, IConcentration.Dimension.Country, uint16(bytes2("DE")), _shared);
    }

    // Asking in parts

    function test_partsAnswerForThemselves() public {
        bytes memory question = abi.encodeCall(invoices.unitsOf, (_itemOf("joint")));
        vm.mockCall(address(invoices), question, abi.encode(0));
        (bool healthy,,) = _health.checkFinancings(1, 1);
        assertTrue(healthy);
        uint256 subject;
        (healthy,, subject) = _health.checkFinancings(2, type(uint64).max);
        assertFalse(healthy);
        assertEq(subject, FinancingId.unwrap(_shared));
        (healthy,,) = _health.checkSums();
        assertTrue(healthy);
    }

    /// @dev What has to be added up, one financing a page.
    function test_pagesAnswerWhatTheWholeDoes() public {
        _financed("third", FACE_VALUE, facility);
        IHealthCheck.Tally memory tally = _tallied();
        (bool healthy,,) = _health.checkTally(tally);
        assertTrue(healthy);
        tally = _health.addUp(tally, type(uint64).max);
        assertEq(tally.counted, 3, "nothing is added twice");

        uint256 key = OrganisationId.unwrap(borealis.id);
        uint256 exposure = concentration.exposureOf(pool, IConcentration.Dimension.Debtor, key);
        bytes memory question = abi.encodeCall(concentration.exposureOf, (pool, IConcentration.Dimension.Debtor, key));
        vm.mockCall(address(concentration), question, abi.encode(exposure + 1));
        string memory broken;
        uint256 subject;
        (healthy, broken, subject) = _health.checkTally(_tallied());
        assertFalse(healthy);
        assertEq(broken, "exposures are the sum of principal");
        assertEq(subject, FinancingId.unwrap(_id));
        _assertBroken("exposures are the sum of principal", FinancingId.unwrap(_id));
    }

    function test_tallyThatIsNotWholeIsRefused() public {
        IHealthCheck.Tally memory tally;
        tally = _health.addUp(tally, 1);
        vm.expectRevert(abi.encodeWithSelector(IHealthCheck.TallyIncomplete.selector, 1, 2));
        _health.checkTally(tally);
    }

    /// @dev What a syndicate's members count because of it is looked at, too, where they lend nothing alone.
    function test_exposureOfAMemberThatLendsOnlyWithOthers() public {
        uint256 key = OrganisationId.unwrap(borealis.id);
        assertGt(concentration.exposureOf(_other, IConcentration.Dimension.Debtor, key), 0);
        _assertExposure(_other, IConcentration.Dimension.Debtor, key, _shared);
    }

    /// @dev Twice as many financings cost about twice as much, and not four times.
    function test_itsCostGrowsWithTheNumberOfFinancings() public {
        for (uint256 i = desk.financingCount(); i < 16; ++i) {
            _financed(string.concat("item ", vm.toString(i)), 100_000, facility);
        }
        uint256 few = _costOf();
        for (uint256 i = 16; i < 32; ++i) {
            _financed(string.concat("item ", vm.toString(i)), 100_000, facility);
        }
        assertLt(_costOf(), few * 22 / 10);
    }

    // Helpers

    function _costOf() private view returns (uint256 cost) {
        cost = gasleft();
        _assertHealthy(_health);
        cost -= gasleft();
    }

    function _tallied() private view returns (IHealthCheck.Tally memory tally) {
        for (uint64 i = 1; i <= desk.financingCount(); ++i) {
            tally = _health.addUp(tally, i);
        }
    }

    function _join() private returns (Syndicate its) {
        ISyndicate.Member[] memory members = new ISyndicate.Member[](2);
        members[0] = ISyndicate.Member(pool, 6667, 2500, 9000);
        members[1] = ISyndicate.Member(_other, 3333, 7500, 1000);
        its = new Syndicate(address(desk), members);
        registry.admitAccount(operator.lei, address(its));
        pool.listSyndicate(address(its));
        _other.listSyndicate(address(its));
        desk.listPool(its, true);
    }

    function _fundOther() private {
        address vault = _other.vault(Tranche.Junior);
        _fundAndApprove(granite, JUNIOR_FUNDED, vault);
        vm.prank(granite);
        (bool done,) = vault.call(abi.encodeWithSignature("deposit(uint256,address)", JUNIOR_FUNDED, granite));
        assertTrue(done);
    }

    function _mockBooks(ILendingPool.Books memory books) private {
        vm.mockCall(address(pool), abi.encodeCall(pool.books, ()), abi.encode(books));
    }

    function _mockTranche(Tranche tranche, uint256 entry, uint256 exit) private {
        vm.mockCall(address(pool), abi.encodeCall(pool.trancheAssets, (tranche)), abi.encode(entry, exit));
    }

    function _mockFacility(FacilityId id, IFinancingDesk.Facility memory line) private {
        vm.mockCall(address(desk), abi.encodeCall(desk.facility, (id)), abi.encode(line));
    }

    function _assertExposure(IFundingSource source, IConcentration.Dimension dimension, uint256 key, FinancingId first)
        private
    {
        uint256 exposure = concentration.exposureOf(source, dimension, key);
        assertGt(exposure, 0);
        bytes memory question = abi.encodeCall(concentration.exposureOf, (source, dimension, key));
        vm.mockCall(address(concentration), question, abi.encode(exposure + 1));
        _assertBroken("exposures are the sum of principal", FinancingId.unwrap(first));
        vm.mockCall(address(concentration), question, abi.encode(exposure - 1));
        _assertBroken("exposures are the sum of principal", FinancingId.unwrap(first));
        vm.clearMockedCalls();
    }

    function _assertBroken(string memory expected, IFundingSource source) private view {
        _assertBroken(expected, uint160(address(source)));
    }

    function _assertBroken(string memory expected, uint256 expectedSubject) private view {
        (bool healthy, string memory broken, uint256 subject) = _health.check();
        assertFalse(healthy);
        assertEq(broken, expected);
        assertEq(subject, expectedSubject);
    }
}
