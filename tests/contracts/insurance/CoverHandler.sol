// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "../../../contracts/insurance/interfaces/IInsurancePolicies.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FinancingId, PolicyId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CoveredBase} from "./CoveredBase.sol";

/// @title Two drawn financings, two insurers, a debtor, a supplier, witnesses, servicing and strangers act at random on the
/// real desk. What each act must change is computed here from the terms and the order of claims, and held against what it
/// did; the ghosts are what the whole must come to.
abstract contract CoverHandler is CoveredBase {
    using Waterfall for Waterfall.Claims;

    uint256 internal constant FINANCINGS = 2;

    // Ghosts, minor units
    /// @notice Of a financing: drawn, charged, accrued and premiums, less what came from outside, lapsed or was waived.
    mapping(uint256 financing => uint256) public openClaims;
    mapping(address insurer => uint256) public putDown;
    mapping(address insurer => uint256) public takenOut;
    mapping(uint256 policy => uint256) public paidOn;
    /// @notice Of a financing's fact LOST: the insured debt at the first claim on it, what was paid on it, and by policies
    /// of a part of the goods.
    mapping(uint256 financing => uint256) public firstDebt;
    mapping(uint256 financing => uint256) public paidOnLost;
    mapping(uint256 financing => uint256) public paidOnPart;
    uint256 public interestGivenUp;

    uint256 public binds;
    uint256 public claims;
    uint256 public secondClaims;
    uint256 public refusedAsPaid;
    uint256 public recoveries;
    uint256 public lapses;
    uint256 internal clock;

    modifier act() {
        vm.warp(clock);
        _;
    }

    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            _newFinancing(i);
            openClaims[i] = desk.owedInAll(FinancingId.wrap(uint64(i)));
        }
        // A fact is a hint to draw: what is drawn is another suite's.
        pool.stop(ILendingPool.Stoppable.Draws);
        (putDown[gale.account], putDown[harbourMutual.account]) = (PUT_DOWN, PUT_DOWN);
        _fundAndApprove(debtor, 1, address(receivables));
    }

    function _newFinancing(uint256 item) private {
        ReceivableId id = ReceivableId.wrap(item);
        vm.startPrank(supplier);
        receivables.register(IReceivableToken.RegisterTerms(id, debtor, "EUR", FACE_VALUE, QUANTITY, DUE_DATE, 0));
        oracle.openSubject(bytes32(item), new bytes32[](0));
        vm.stopPrank();
        vm.prank(debtor);
        receivables.accept(IReceivableToken.Acceptance(id, FACE_VALUE, QUANTITY, DUE_DATE, true));
        _pledge(facility, item, FACE_VALUE, bytes32(item));
        _depart(bytes32(item));
    }

    // Time

    function wait_(uint256 time) external {
        vm.warp(clock);
        uint256[3] memory before;
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            before[i] = _owedToPool(i);
        }
        uint256 later = clock + _bound(time, 1 hours, 12 days);
        vm.warp(later);
        for (uint256 i = 1; i <= FINANCINGS; ++i) {
            openClaims[i] += _owedToPool(i) - before[i];
        }
        for (uint64 n = 1; n <= policies.policyCount(); ++n) {
            IInsurancePolicies.Policy memory its = policies.policy(PolicyId.wrap(n));
            if (!_isDue(its, clock) || later <= its.terms.payBy) continue;
            openClaims[_of(its)] -= its.terms.premium - its.premiumPaid;
            ++lapses;
        }
        clock = later;
    }

    // Payments

    function payInvoice(uint256 which, uint256 amount) external act {
        which = _bound(which, 1, FINANCINGS);
        uint256 outstanding = receivables.outstanding(ReceivableId.wrap(which));
        if (outstanding == 0) return;
        amount = amount % 3 == 0 ? outstanding : _bound(amount, 1, outstanding);
        uint256[4] memory expected = _ranks(which, amount);
        uint256[4] memory before = _cash();
        _issue(euro, debtor, amount);
        vm.prank(debtor);
        receivables.pay(ReceivableId.wrap(which), amount);
        _compare(before, expected);
        openClaims[which] -= amount - expected[3];
    }

    function repay(uint256 which, uint256 amount) external act {
        which = _bound(which, 1, FINANCINGS);
        FinancingId id = FinancingId.wrap(uint64(which));
        uint256 owed = desk.owedInAll(id);
        if (owed == 0) return;
        amount = amount % 3 == 0 ? owed : _bound(amount, 1, owed + 100);
        uint256 taken = amount < owed ? amount : owed;
        uint256[4] memory expected = _ranks(which, taken);
        _issue(euro, supplier, amount);
        uint256[4] memory before = _cash();
        before[3] -= taken;
        vm.prank(supplier);
        assertEq(desk.repay(id, amount), taken);
        _compare(before, expected);
        openClaims[which] -= taken;
    }

    function payPremium(uint256 which, uint256 amount) external act {
        (PolicyId id, IInsurancePolicies.Policy memory its) = _pick(which);
        if (PolicyId.unwrap(id) == 0 || !_isDue(its, clock)) return;
        uint256 due = its.terms.premium - its.premiumPaid;
        amount = _bound(amount, 1, due + 100);
        vm.prank(supplier);
        uint256 taken = policies.payPremium(id, amount);
        assertEq(taken, amount < due ? amount : due);
        openClaims[_of(its)] -= taken;
    }

    // Insurers

    function insure(uint256 which, bool byHarbour, bool ofCargo, uint256 limit, uint256 deductible, uint256 premium)
        external
        act
    {
        which = _bound(which, 1, FINANCINGS);
        FinancingId id = FinancingId.wrap(uint64(which));
        Party memory insurer = byHarbour ? harbourMutual : gale;
        uint256 free = _free(insurer);
        if (free == 0 || !_isInsurable(id, ofCargo) || policies.policiesOf(id).length == 4) return;
        IInsurancePolicies.Terms memory terms = _credit(id);
        if (ofCargo) {
            terms = _cargo(id);
            terms.subject = bytes32(which);
            terms.quantity = limit % 2 == 0 ? uint64(QUANTITY) : 0;
        }
        terms.limit = uint48(_bound(limit, 1, free < 7_000_000 ? free : 7_000_000));
        terms.deductible = uint48(_bound(deductible, 0, 1_000_000));
        terms.premium = uint48(premium % 4 == 0 ? 0 : _bound(premium, 1, 100_000));
        if (premium % 2 == 0) terms.payBy = terms.until;
        _bound(insurer, terms);
        openClaims[which] += terms.premium;
        ++binds;
    }

    /// @notice Insures the same fact again, on the same terms, with the other insurer.
    function insureLikewise(uint256 which) external act {
        (PolicyId id, IInsurancePolicies.Policy memory its) = _pick(which);
        if (PolicyId.unwrap(id) == 0 || its.terms.kind != IInsurancePolicies.Kind.Cargo) return;
        Party memory insurer = its.insurer == gale.account ? harbourMutual : gale;
        IInsurancePolicies.Terms memory terms = _cargo(its.terms.financing);
        (terms.subject, terms.quantity, terms.premium) = (its.terms.subject, its.terms.quantity, 0);
        (terms.limit, terms.deductible) = (its.terms.limit, its.terms.deductible);
        if (_free(insurer) < terms.limit || !_isInsurable(terms.financing, true)) return;
        if (policies.policiesOf(terms.financing).length == 4) return;
        _bound(insurer, terms);
        ++binds;
    }

    /// @notice Goods that two insure alike are lost and claimed on: by chance alone the walks hardly get that far.
    function loseWhatTwoInsure(uint256 which, uint256 limit, uint256 quantity) external {
        which = _bound(which, 1, FINANCINGS);
        this.insure(which, false, true, limit & ~uint256(1), 0, 0);
        this.insureLikewise(policies.policyCount());
        this.wait_(1 days);
        this.lose(which, quantity);
        this.wait_(12 days);
        this.wait_(12 days);
        for (uint256 n = 1; n <= policies.policyCount(); ++n) {
            this.claim(n);
        }
    }

    function claim(uint256 which) external act {
        (PolicyId id, IInsurancePolicies.Policy memory its) = _pick(which);
        if (PolicyId.unwrap(id) == 0) return;
        uint256 expected = _payable(its);
        bool ofCargo = its.terms.kind == IInsurancePolicies.Kind.Cargo;
        bool isSecond = ofCargo && paidOnLost[_of(its)] != 0;
        if (expected == 0) {
            if (isSecond && its.state == IInsurancePolicies.State.Bound) ++refusedAsPaid;
            vm.prank(stranger);
            try policies.claim(id) {
                assertTrue(false, "a claim that nothing supports was paid");
            } catch {}
            return;
        }
        uint256 setOff = _isDue(its, clock) ? its.terms.premium - its.premiumPaid : 0;
        if (setOff > expected) setOff = expected;
        if (ofCargo) _noteOnLost(its, expected);
        uint256 owed = _owedToPool(_of(its));
        uint256[4] memory before = _cash();
        vm.prank(stranger);
        assertEq(policies.claim(id), expected);
        assertEq(_owedToPool(_of(its)), owed - (expected - setOff), "the source of money has all of it");
        assertEq(euro.balanceOf(address(pool)), before[1] + expected - setOff);
        assertEq(euro.balanceOf(supplier), before[3], "and nobody else anything");
        paidOn[PolicyId.unwrap(id)] += expected;
        ++claims;
        if (isSecond) ++secondClaims;
    }

    function _noteOnLost(IInsurancePolicies.Policy memory its, uint256 amount) private {
        uint256 which = _of(its);
        if (paidOnLost[which] == 0) firstDebt[which] = _insuredDebt(its.terms.financing);
        paidOnLost[which] += amount;
        if (its.terms.quantity != 0) paidOnPart[which] += amount;
    }

    function close(uint256 which) external act {
        (PolicyId id, IInsurancePolicies.Policy memory its) = _pick(which);
        if (PolicyId.unwrap(id) == 0) return;
        bool may = _mayClose(its);
        vm.prank(stranger);
        try policies.close(id) {
            assertTrue(may, "a policy was closed that may still have to pay");
            if (_isDue(its, clock)) openClaims[_of(its)] -= its.terms.premium - its.premiumPaid;
        } catch {
            assertFalse(may, "a policy that is over was not closed");
        }
    }

    function waive(uint256 which) external act {
        (PolicyId id, IInsurancePolicies.Policy memory its) = _pick(which);
        if (which % 5 != 0 || its.state != IInsurancePolicies.State.Paid) return;
        vm.prank(its.insurer);
        policies.waive(id);
        openClaims[_of(its)] -= its.paid - its.recovered;
        if (_isDue(its, clock)) openClaims[_of(its)] -= its.terms.premium - its.premiumPaid;
    }

    function move(bool byHarbour, bool out, uint256 amount) external act {
        Party memory insurer = byHarbour ? harbourMutual : gale;
        if (out) {
            uint256 free = _free(insurer);
            if (free == 0) return;
            amount = _bound(amount, 1, free);
            vm.prank(insurer.account);
            policies.withdraw(euro, amount);
            takenOut[insurer.account] += amount;
        } else {
            amount = _bound(amount, 1, 5_000_000);
            _issue(euro, insurer.account, amount);
            vm.prank(insurer.account);
            policies.deposit(euro, amount);
            putDown[insurer.account] += amount;
        }
    }

    // Witnesses and servicing

    function lose(uint256 which, uint256 quantity) external act {
        which = _bound(which, 1, FINANCINGS);
        if (oracle.fact(bytes32(which), Milestones.LOST, 1).status != IMilestoneOracle.Status.None) return;
        quantity = _bound(quantity, QUANTITY / 4, QUANTITY);
        _fact(inspector, carrier, bytes32(which), Milestones.LOST, 1, uint64(quantity));
    }

    function declareDefault(uint256 which) external act {
        FinancingId id = FinancingId.wrap(uint64(_bound(which, 1, FINANCINGS)));
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        if (_state(id) != IFinancingDesk.State.Open || clock < graceEndsAt || _owedToPool(_n(id)) == 0) return;
        desk.declareDefault(id, 0);
    }

    function writeOff(uint256 which, uint256 amount) external act {
        which = _bound(which, 1, FINANCINGS);
        FinancingId id = FinancingId.wrap(uint64(which));
        IFinancingDesk.Financing memory its = desk.financing(id);
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        bool isLive = its.state == IFinancingDesk.State.Open || its.state == IFinancingDesk.State.Defaulted;
        if (!isLive || its.principal == 0 || clock < graceEndsAt) return;
        amount = _bound(amount, 1, its.principal);
        uint256 owed = desk.owedInAll(id);
        uint256 lost = _lostByPool();
        desk.writeOff(id, amount);
        uint256 more = desk.owedInAll(id) - owed;
        assertLe(more, 1, "a loss makes nothing owed, but for a rounding");
        openClaims[which] += more;
        interestGivenUp += _lostByPool() - lost - amount;
    }

    // Internals: what must come of it

    /// @return what of a payment goes to insurers as premium, to the source, to insurers as recovery, to the supplier
    function _ranks(uint256 which, uint256 amount) private view returns (uint256[4] memory) {
        uint256 premium;
        uint256 lacking;
        for (uint64 n = 1; n <= policies.policyCount(); ++n) {
            IInsurancePolicies.Policy memory its = policies.policy(PolicyId.wrap(n));
            if (_of(its) != which) continue;
            if (_isDue(its, clock)) premium += its.terms.premium - its.premiumPaid;
            if (its.state == IInsurancePolicies.State.Paid) lacking += its.paid - its.recovered;
        }
        if (premium > amount) premium = amount;
        uint256 toPool = _owedToPool(which);
        if (toPool > amount - premium) toPool = amount - premium;
        if (lacking > amount - premium - toPool) lacking = amount - premium - toPool;
        return [premium, toPool, lacking, amount - premium - toPool - lacking];
    }

    /// @return of the policies, the pool, nobody, the supplier with what waits for it
    function _cash() private view returns (uint256[4] memory) {
        uint256 supplier_ = euro.balanceOf(supplier) + desk.parked(supplier, address(euro));
        return [euro.balanceOf(address(policies)), euro.balanceOf(address(pool)), 0, supplier_];
    }

    function _compare(uint256[4] memory before, uint256[4] memory expected) private {
        uint256[4] memory now_ = _cash();
        assertEq(now_[0], before[0] + expected[0] + expected[2], "insurers: premium first, recovery last");
        assertEq(now_[1], before[1] + expected[1], "the source of money");
        assertEq(now_[3], before[3] + expected[3], "the supplier has the rest");
        if (expected[2] != 0) ++recoveries;
    }

    function _payable(IInsurancePolicies.Policy memory its) private view returns (uint256) {
        IInsurancePolicies.Terms memory terms = its.terms;
        bool lapsed = its.premiumPaid < terms.premium && clock > terms.payBy;
        if (its.state != IInsurancePolicies.State.Bound || lapsed) return 0;
        uint256 loss = _insuredDebt(terms.financing);
        uint256 lossAt;
        if (terms.kind == IInsurancePolicies.Kind.Credit) {
            if (_state(terms.financing) != IFinancingDesk.State.Defaulted) return 0;
            lossAt = (DUE_DATE + 1 + GRACE_DAYS) * 1 days;
        } else {
            IMilestoneOracle.Fact memory fact = oracle.fact(terms.subject, Milestones.LOST, 1);
            if (fact.status != IMilestoneOracle.Status.Final) return 0;
            lossAt = fact.occurredAt;
            loss = _unpaid(terms, loss, fact.leastQuantity);
        }
        if (lossAt <= its.boundAt || lossAt > terms.until || clock < lossAt + 14 days) return 0;
        if (clock > uint256(terms.until) + 44 days || loss <= terms.deductible) return 0;
        loss -= terms.deductible;
        return loss < terms.limit ? loss : terms.limit;
    }

    /// @dev The part of what the debt was at the first claim, or of what it would be without claims if that is less; less
    /// what was paid.
    function _unpaid(IInsurancePolicies.Terms memory terms, uint256 debt, uint256 lost) private view returns (uint256) {
        uint256 which = _n(terms.financing);
        uint256 paid = paidOnLost[which];
        uint256 part = _partOf(debt + paid, terms.quantity, lost);
        uint256 atFirst = paid == 0 ? part : _partOf(firstDebt[which], terms.quantity, lost);
        if (atFirst < part) part = atFirst;
        return part < paid ? 0 : part - paid;
    }

    function _partOf(uint256 debt, uint64 quantity, uint256 lost) private pure returns (uint256) {
        return quantity == 0 ? debt : debt * lost / QUANTITY;
    }

    function _insuredDebt(FinancingId id) private view returns (uint256) {
        Waterfall.Claims memory owed = desk.owed(id);
        return owed.interest + owed.principal + owed.writtenOff;
    }

    function _mayClose(IInsurancePolicies.Policy memory its) private view returns (bool) {
        IInsurancePolicies.Terms memory terms = its.terms;
        if (its.state == IInsurancePolicies.State.Paid) return its.paid == its.recovered && !_isDue(its, clock);
        if (its.state != IInsurancePolicies.State.Bound) return false;
        bool lapsed = its.premiumPaid < terms.premium && clock > terms.payBy;
        bool repaid = _state(terms.financing) == IFinancingDesk.State.Repaid;
        return lapsed || repaid || clock > uint256(terms.until) + 44 days;
    }

    function _isInsurable(FinancingId id, bool ofCargo) private view returns (bool) {
        IFinancingDesk.Financing memory its = desk.financing(id);
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        if (its.state != IFinancingDesk.State.Open || its.writtenOff != 0 || clock >= graceEndsAt) return false;
        bytes32 subject = bytes32(_n(id));
        return !ofCargo || oracle.fact(subject, Milestones.LOST, 1).status == IMilestoneOracle.Status.None;
    }

    function _isDue(IInsurancePolicies.Policy memory its, uint256 at) private pure returns (bool) {
        bool runs = its.state == IInsurancePolicies.State.Bound || its.state == IInsurancePolicies.State.Paid;
        return runs && its.premiumPaid < its.terms.premium && at <= its.terms.payBy;
    }

    function _pick(uint256 which) private view returns (PolicyId id, IInsurancePolicies.Policy memory its) {
        uint256 count = policies.policyCount();
        if (count == 0) return (id, its);
        id = PolicyId.wrap(uint64(_bound(which, 1, count)));
        its = policies.policy(id);
    }

    function _of(IInsurancePolicies.Policy memory its) internal pure returns (uint256) {
        return _n(its.terms.financing);
    }

    function _n(FinancingId id) internal pure returns (uint256) {
        return FinancingId.unwrap(id);
    }

    function _owedToPool(uint256 which) internal view returns (uint256) {
        return desk.owed(FinancingId.wrap(uint64(which))).total();
    }

    function _lostByPool() internal view returns (uint256) {
        (uint256 byLenders, uint256 byReserve) = pool.losses();
        return byLenders + byReserve;
    }
}
