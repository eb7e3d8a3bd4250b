// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {IServicing} from "../../../contracts/lending/interfaces/IServicing.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title Two suppliers share invoices and finance their parts at a pool, or at a syndicate of two; debtors pay little,
/// late, or object; anybody marks, declares and calls on sellers; both sides agree on changes.
abstract contract ServicingHandler is ServicingBase {
    uint256 internal constant MOST_FINANCINGS = 6;

    HealthCheck internal health;
    LendingPool internal otherPool;
    FacilityId internal joint;
    FacilityId internal gullLine;
    address internal gull;

    uint256 private clock;
    uint256 private invoicesMade;
    uint256 public acts;
    uint256 public marked;
    uint256 public declared;
    uint256 public called;
    uint256 public freed;
    uint256 public amended;
    uint256 public carriedOut;
    string public fault;

    /// @dev Time stands where it was left.
    modifier inTime() {
        vm.warp(clock);
        _;
    }

    modifier act() {
        vm.warp(clock);
        _;
        ++acts;
    }

    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        Party memory party = _admit("GULLPARTS", Roles.SUPPLIER);
        registry.renewKyc(party.lei, uint40(START + 20 * 365 days));
        gull = party.account;
        TrancheVault itsJunior;
        (otherPool,, itsJunior,) = _deployPool(euro, 400, 0);
        _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
        facility = _line(supplier, pool, 900);
        gullLine = _line(gull, pool, 1300);
        joint = _line(supplier, _join(), 700);
        health = _healthOf(pool, otherPool);
        _sponsor(500_000);
    }

    // Suppliers

    function finance(uint256 face, uint256 passed, uint256 days_, bool jointly) external act {
        if (desk.financingCount() + 2 > MOST_FINANCINGS) return;
        face = _bound(face, 1000, 6_000_000);
        // No smaller part is financed.
        uint256 least = (face + 63) / 64;
        passed = passed % 2 == 0 ? 0 : _bound(passed, least, face - least);
        uint256 item = _itemOf(vm.toString(++invoicesMade));
        _acceptedUntil(item, face, passed != 0, clock / 1 days + _bound(days_, 1, 20));
        if (passed != 0) {
            vm.prank(supplier);
            receivables.safeTransferFrom(supplier, gull, item, passed, "");
            _pledgeBy(gull, gullLine, item, passed);
        }
        _pledgeBy(supplier, jointly ? joint : facility, item, face - passed);
    }

    function creditNote(uint256 which, uint256 amount) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(supplier);
        try disputes.creditNote(ReceivableId.wrap(item), _bound(amount, 1, 3_000_000), EVIDENCE) {} catch {}
    }

    function release(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(_supplierOf(id));
        try desk.release(id) {} catch {}
    }

    // Debtors

    function pay(uint256 which, uint256 amount, bool left) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || receivables.outstanding(ReceivableId.wrap(item)) == 0) return;
        amount = _bound(amount, 1, amount % 3 == 0 ? 5 : 1_000_000);
        if (left) _payItemAndLeaveItThere(item, amount);
        else _payItem(item, amount);
    }

    function repay(uint256 which, uint256 amount) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        uint256 owed = _owed(id);
        if (owed != 0) _repay(id, _bound(amount, 1, amount % 4 == 0 ? owed + 5 : owed / 2 + 1));
    }

    function dispute(uint256 which, uint256 amount) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(debtor);
        try disputes.openDispute(ReceivableId.wrap(item), _bound(amount, 1, 3_000_000), EVIDENCE) {} catch {}
    }

    function award(uint256 which, uint256 diluted) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        try disputes.resolve(ReceivableId.wrap(item), _bound(diluted, 0, 3_000_000), EVIDENCE) {} catch {}
    }

    // Anybody

    function markOverdue(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        invoices.forward(id);
        uint256 owed = _owed(id);
        vm.prank(stranger);
        try servicing.markOverdue(id) returns (uint256 amount) {
            ++marked;
            if (_owed(id) < owed || _owed(id) > owed + 1) fault = "a loss is not the debtor's gain";
            IFinancingDesk.Financing memory its = desk.financing(id);
            uint256 end = (uint256(its.maturityDay) + 1) * 1 days;
            uint256 debt = uint256(its.principal) + its.writtenOff;
            bool right = clock >= end && its.writtenOff == debt * _lostBps((clock - end) / 1 days) / 10_000;
            if (!right || amount == 0) fault = "not the schedule's share";
        } catch {}
    }

    function declareDefault(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(stranger);
        try servicing.declareDefault(id) {
            ++declared;
            if (clock < (uint256(desk.financing(id).maturityDay) + 1 + GRACE_DAYS) * 1 days) {
                fault = "within the grace";
            }
            if (_owed(id) == 0) fault = "nothing was owed";
            IFinancingDesk.Financing memory its = desk.financing(id);
            if (its.impairment < its.principal * uint256(2500) / 10_000) fault = "no loss is expected";
        } catch {}
    }

    function callRecourse(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(stranger);
        try servicing.callRecourse(id) {
            ++called;
            bool inDefault = _state(id) == IFinancingDesk.State.Defaulted;
            if (!inDefault && _owed(id) <= invoices.valueOf(id)) fault = "it was covered";
        } catch {}
    }

    function letGo(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        vm.prank(stranger);
        try servicing.closeRecourse(id) {
            ++freed;
            bool open = _state(id) == IFinancingDesk.State.Open;
            if (!open || _owed(id) > invoices.valueOf(id)) fault = "it was not covered";
        } catch {}
    }

    function forward(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) != 0) invoices.forward(id);
    }

    function poke(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        uint256 drawn = desk.poke(id);
        if (drawn == 0) return;
        IFinancingDesk.Financing memory its = desk.financing(id);
        bool sound = its.state == IFinancingDesk.State.Open && its.writtenOff == 0 && its.impairment == 0;
        bool free = FinancingId.unwrap(desk.facility(its.facility).recourseTo) == 0;
        if (!sound || !free || _owed(id) > _base(id)) fault = "drawn where it may not be";
    }

    function closeEpoch() external act {
        if (clock >= pool.closableAt()) pool.closeEpoch();
        if (pool.held().reserve != 0) pool.sendReserve();
    }

    function wait_(uint256 time) external act {
        clock += _bound(time, 1, 20 days);
    }

    // Both sides, the credit officer, lenders

    function extend(uint256 which, uint256 days_, bool approvedFirst) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        IServicing.Amendment memory its = _amendment(id);
        its.newMaturityDay = uint16(its.maturityDay + _bound(days_, 0, 40));
        _amend(its, approvedFirst);
    }

    function refinance(uint256 which, bool approvedFirst) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _supplierOf(id) != supplier) return;
        IServicing.Amendment memory its = _amendment(id);
        its.newFacility = FacilityId.unwrap(its.facility) == FacilityId.unwrap(joint) ? facility : joint;
        _amend(its, approvedFirst);
    }

    function impair(uint256 which, uint256 impairment) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _owed(id) == 0) return;
        desk.setImpairment(id, impairment % 2 == 0 ? 0 : _bound(impairment, 0, _principal(id)));
    }

    function redeem(uint256 shares) external act {
        uint256 claimable = senior.maxRedeem(cobalt);
        vm.startPrank(cobalt);
        if (claimable != 0) senior.redeem(claimable, cobalt, cobalt);
        uint256 held = senior.balanceOf(cobalt);
        if (held != 0 && senior.requestsOf(cobalt).length < 8) {
            senior.requestRedeem(_bound(shares, 1, held / 8 + 1), cobalt, cobalt);
        }
        vm.stopPrank();
    }

    // Helpers

    function _amend(IServicing.Amendment memory its, bool approvedFirst) private {
        ++amended;
        (bool first, bool second) = approvedFirst ? (_approve(its), _agree(its)) : (_agree(its), _approve(its));
        (bool bySupplier, bool byOfficer, bool spent) = servicing.consentOf(servicing.amendmentHash(its));
        if (spent != (first && second)) fault = "carried out without both";
        if (spent && !(bySupplier && byOfficer)) fault = "spent without consent";
        if (!spent) return;
        ++carriedOut;
        IFinancingDesk.Financing memory now_ = desk.financing(its.financing);
        bool done = now_.maturityDay == its.newMaturityDay
            && FacilityId.unwrap(now_.facility) == FacilityId.unwrap(its.newFacility);
        if (!done) fault = "carried out otherwise than agreed";
    }

    function _agree(IServicing.Amendment memory its) private returns (bool done) {
        vm.prank(_supplierOf(its.financing));
        (done,) = address(servicing).call(abi.encodeCall(servicing.agree, (its)));
    }

    function _approve(IServicing.Amendment memory its) private returns (bool done) {
        (done,) = address(servicing).call(abi.encodeCall(servicing.approve, (its)));
    }

    function _amendment(FinancingId id) private view returns (IServicing.Amendment memory its) {
        IFinancingDesk.Financing memory now_ = desk.financing(id);
        its = IServicing.Amendment(
            id, now_.facility, now_.maturityDay, now_.facility, now_.maturityDay, bytes32(acts), uint40(clock)
        );
    }

    function _line(address who, IFundingSource source, uint16 rateBps) private returns (FacilityId id) {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.supplier, terms.pool, terms.discountRateBps) = (who, source, rateBps);
        terms.expiresAt = type(uint32).max;
        id = desk.openFacility(terms);
        desk.setLadder(id, invoices, _ladder(7000, 8000, 9000, true));
    }

    function _join() private returns (Syndicate its) {
        ISyndicate.Member[] memory members = new ISyndicate.Member[](2);
        members[0] = ISyndicate.Member(pool, 6667, 2500, 9000);
        members[1] = ISyndicate.Member(otherPool, 3333, 7500, 1000);
        its = new Syndicate(address(desk), members);
        registry.admitAccount(operator.lei, address(its));
        pool.listSyndicate(address(its));
        otherPool.listSyndicate(address(its));
        desk.listPool(its, true);
    }

    function _pledgeBy(address who, FacilityId line, uint256 item, uint256 units) private {
        vm.startPrank(who);
        receivables.setApprovalForAll(address(invoices), true);
        desk.openFinancing(line, invoices, item, units, 0);
        vm.stopPrank();
    }

    function _supplierOf(FinancingId id) internal view returns (address) {
        return desk.facility(desk.financing(id).facility).terms.supplier;
    }

    /// @return id a financing that has not been released; 0 where the number falls on none
    function _pick(uint256 which) internal view returns (FinancingId id, uint256 item) {
        uint256 count = desk.financingCount();
        if (count == 0) return (id, 0);
        id = FinancingId.wrap(uint64(1 + which % count));
        if (_state(id) == IFinancingDesk.State.Released) return (FinancingId.wrap(0), 0);
        (item,,) = invoices.pledgeOf(id);
    }
}
