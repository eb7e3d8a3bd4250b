// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title Two pools and a syndicate of both: all of lending's life, and the question asked after every step of it.
contract HealthCheckTest is ServicingBase {
    HealthCheck private _health;
    LendingPool private _other;
    Syndicate private _syndicate;
    FacilityId private _joint;
    FacilityId private _thirty;
    FacilityId private _next;

    function setUp() public override {
        super.setUp();
        TrancheVault itsJunior;
        (_other,, itsJunior,) = _deployPool(euro, 400, 2000);
        _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
        _syndicate = _join();
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = _syndicate;
        _joint = _openFacility(terms);
        terms.pool = pool;
        (terms.dayCount, terms.committedFeeBps, terms.revolving) = (DayCount.Thirty360, 50, false);
        _thirty = _openFacility(terms);
        terms = _facilityTerms();
        (terms.pool, terms.dayCount) = (_other, DayCount.Actual365);
        _next = _openFacility(terms);
        _health = _healthOf(pool, _other);
    }

    function test_healthyThroughALongLife() public {
        _assertHealthy(_health);
        FinancingId own = _open();
        _depart(SHIPMENT);
        FinancingId joint = _financed("joint", FACE_VALUE, _joint);
        FinancingId thirty = _financed("thirty", FACE_VALUE, _thirty);
        _assertHealthy(_health);
        _earnAndRepay(own, joint, thirty);
        _impairAndRedeem(own, joint);
        _refinance(thirty);
        _parkAndClaim();
        _loseAndDefault(own, joint);
        _recoverAndRelease(own, joint, thirty);
        assertEq(pool.books().principalOut + _other.books().principalOut, 0);
    }

    function _earnAndRepay(FinancingId own, FinancingId joint, FinancingId thirty) private {
        vm.warp(START + 10 days + 1234);
        _payItem(ITEM, 1_234_567);
        _assertHealthy(_health);
        _payItem(_itemOf("joint"), 765_433);
        _payItemAndLeaveItThere(_itemOf("thirty"), 98_765);
        _assertHealthy(_health);
        invoices.forward(thirty);
        _repay(own, 1);
        _repay(joint, 7);
        _assertHealthy(_health);
    }

    function _impairAndRedeem(FinancingId own, FinancingId joint) private {
        desk.setImpairment(own, 1_000_001);
        desk.setImpairment(joint, 500_003);
        _assertHealthy(_health);
        uint256 shares = senior.balanceOf(cobalt) / 2;
        vm.prank(cobalt);
        senior.requestRedeem(shares, cobalt, cobalt);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        pool.closeEpoch();
        _assertHealthy(_health);
        uint256 claimable = senior.maxRedeem(cobalt);
        assertGt(claimable, 0);
        vm.prank(cobalt);
        senior.redeem(claimable, cobalt, cobalt);
        _assertHealthy(_health);
        desk.setImpairment(own, 0);
        desk.setImpairment(joint, 1);
        _assertHealthy(_health);
    }

    function _refinance(FinancingId thirty) private {
        _repay(thirty, 700_000);
        IServicing.Amendment memory its = IServicing.Amendment(
            thirty, _thirty, uint16(DUE_DATE), _next, uint16(DUE_DATE), keccak256("paper"), uint40(START + 50 days)
        );
        vm.prank(supplier);
        servicing.agree(its);
        servicing.approve(its);
        assertEq(FacilityId.unwrap(desk.financing(thirty).facility), FacilityId.unwrap(_next));
        _assertHealthy(_health);
    }

    /// @dev The debtor pays an invoice while its supplier is frozen: the seller's rest is parked.
    function _parkAndClaim() private {
        FinancingId id = _financed("parked", FACE_VALUE, facility);
        registry.freezeAccount(supplier);
        _payItem(_itemOf("parked"), FACE_VALUE);
        assertEq(_owed(id), 0);
        assertGt(desk.parked(supplier, address(euro)), 0);
        _assertHealthy(_health);
        registry.unfreezeAccount(supplier);
        vm.prank(supplier);
        desk.claimParked(address(euro));
        _assertHealthy(_health);
    }

    function _loseAndDefault(FinancingId own, FinancingId joint) private {
        _sponsor(300_000);
        for (uint256 days_ = 30; days_ <= 90; days_ += 30) {
            _overdue(days_);
            servicing.markOverdue(own);
            _assertHealthy(_health);
            servicing.markOverdue(joint);
            _assertHealthy(_health);
        }
        servicing.declareDefault(own);
        servicing.declareDefault(joint);
        _assertHealthy(_health);
    }

    function _recoverAndRelease(FinancingId own, FinancingId joint, FinancingId thirty) private {
        _payItem(ITEM, 500_000);
        _assertHealthy(_health);
        _repayAll(own);
        _repayAll(joint);
        _repayAll(thirty);
        _assertHealthy(_health);
        pool.sendReserve();
        pool.takeFees(treasury, pool.held().fees);
        _assertHealthy(_health);
        vm.startPrank(supplier);
        desk.release(own);
        desk.release(joint);
        desk.release(thirty);
        vm.stopPrank();
        _assertHealthy(_health);
        vm.warp(vm.getBlockTimestamp() + 8 days);
        _assertHealthy(_health);
    }

    /// @dev Any amounts at any times: nothing that anyone may do makes the answer no.
    function testFuzz_healthyWhateverIsPaidAndLost(uint256 seed) public {
        FinancingId[3] memory ids;
        ids[0] = _financed("first", FACE_VALUE, facility);
        ids[1] = _financed("second", FACE_VALUE, _joint);
        ids[2] = _financed("third", FACE_VALUE, _thirty);
        for (uint256 i; i < 8; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(vm.getBlockTimestamp() + (dice >> 8) % 20 days);
            _step(ids[dice % 3], (dice >> 40) % 5, dice >> 64);
            _assertHealthy(_health);
        }
    }

    function _step(FinancingId id, uint256 what, uint256 dice) private {
        uint256 owed = _owed(id);
        if (owed == 0) return;
        if (what == 0) {
            _repay(id, 1 + dice % owed);
        } else if (what == 1) {
            desk.setImpairment(id, dice % (_principal(id) + 1));
        } else if (what == 2) {
            (uint256 item,,) = invoices.pledgeOf(id);
            _payItem(item, 1 + dice % 500_000);
        } else if (what == 3) {
            (bool done,) = address(servicing).call(abi.encodeCall(servicing.markOverdue, (id)));
            assertTrue(done || servicing.writeOffDue(id) <= desk.financing(id).writtenOff);
        } else {
            (bool done,) = address(servicing).call(abi.encodeCall(servicing.declareDefault, (id)));
            (, uint256 graceEndsAt) = desk.maturityOf(id);
            assertTrue(!done || vm.getBlockTimestamp() >= graceEndsAt);
        }
    }

    // Helpers

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
}
