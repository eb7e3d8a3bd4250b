// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {
    FacilityId,
    FinancingId,
    GroupId,
    OrderId,
    OrganisationId,
    ReceivableId
} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title Lenders, suppliers, debtors, oracles, officers, servicing and strangers act at random, always within what is
/// allowed. Ghost totals are kept from what the desk announces, and what must hold of an act itself is noted in it.
abstract contract LendingHandler is LendingBase {
    uint256 internal constant MOST_FINANCINGS = 6;

    // Ghost totals, minor units
    uint256 public deposited;
    uint256 public claimed;
    uint256 public lent;
    uint256 public repaid;
    uint256 public principalReceived;
    uint256 public recovered;
    uint256 public writtenOff;
    uint256 public reserveReceived;
    uint256 public feesReceived;
    uint256 public feesTaken;
    uint256 public acts;
    uint256 public draws;
    mapping(uint256 facility => uint256) public drawnUnder;

    // What an act did that it may not
    string public fault;
    mapping(uint256 financing => IFinancingDesk.State) public stateOf;

    uint256 private clock;
    uint256 internal items;
    uint64 private touched;
    mapping(uint256 financing => uint256) private itemOf;
    FacilityId internal otherFacility;
    FacilityId internal spareFacility;
    address internal harbour;
    Party internal dockside;

    /// @dev One act: time stands where it was left; afterwards draws, payments and states are looked at.
    modifier act() {
        vm.warp(clock);
        vm.recordLogs();
        _;
        ++acts;
        _count();
        _look();
    }

    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        deposited = FUNDED;
        harbour = _admit("HARBOURGOODS", Roles.SUPPLIER).account;
        dockside = _admit("DOCKSIDESTORES", Roles.DEBTOR);
        _renewLast();
        _openOtherFacilities();
        _prepare(supplier);
        _prepare(harbour);
        _prepare(debtor);
    }

    // Lenders

    function deposit(uint256 assets, bool intoJunior, bool first) external act {
        (TrancheVault vault, address who) = (intoJunior ? junior : senior, first ? cobalt : granite);
        uint256 most = vault.maxDeposit(who);
        if (most < 2) return;
        assets = _bound(assets, 1, most < 20_000_000 ? most : 20_000_000);
        if (vault.previewDeposit(assets) == 0) return;
        _fundTranche(vault, who, assets);
        deposited += assets;
    }

    function requestRedeem(uint256 shares, bool ofJunior, bool first) external act {
        (TrancheVault vault, address who) = (ofJunior ? junior : senior, first ? cobalt : granite);
        uint256 most = vault.balanceOf(who);
        if (most < 1e9) return;
        vm.prank(who);
        vault.requestRedeem(_bound(shares, 1e9, most), who, who);
    }

    function closeEpoch() external act {
        if (pool.closableAt() > clock) return;
        pool.closeEpoch();
    }

    function claim(bool ofJunior, bool first) external act {
        (TrancheVault vault, address who) = (ofJunior ? junior : senior, first ? cobalt : granite);
        uint256 shares = vault.maxRedeem(who);
        if (shares == 0) return;
        vm.prank(who);
        claimed += vault.redeem(shares, who, who);
    }

    // Suppliers and debtors

    function financeInvoice(uint256 faceValue, uint256 units, bool byHarbour, bool toDockside) external act {
        address who = byHarbour ? harbour : supplier;
        if (items == MOST_FINANCINGS || !registry.isAdmitted(who)) return;
        uint256 item = ++items * 2;
        itemOf[items] = item;
        faceValue = _bound(faceValue, 1_000_000, FACE_VALUE);
        units = _bound(units, faceValue / 2, faceValue);
        _newInvoice(item, who, toDockside ? dockside.account : debtor, faceValue);
        FacilityId line = byHarbour ? otherFacility : facility;
        vm.prank(who);
        desk.openFinancing(line, invoices, item, units, bytes32(item));
    }

    function financeOrder(uint256 value, bool byHarbour) external act {
        address who = byHarbour ? harbour : supplier;
        if (items == MOST_FINANCINGS || !registry.isAdmitted(who)) return;
        uint256 item = ++items * 2 + 1;
        itemOf[items] = item;
        value = _bound(value, 1_000_000, FACE_VALUE);
        OrderId id = OrderId.wrap(item);
        uint256 deliverBy = clock / 1 days + 60;
        vm.startPrank(who);
        oracle.openSubject(bytes32(item), new bytes32[](0));
        escrow.registerOrder(_termsOf(id, debtor, bytes32(item), value, QUANTITY, deliverBy));
        vm.stopPrank();
        bytes32 termsHash = escrow.termsHashOf(id);
        vm.prank(debtor);
        escrow.acceptOrder(id, termsHash);
        vm.prank(who);
        desk.openFinancing(byHarbour ? otherFacility : facility, orders, item, value, bytes32(item));
    }

    function pay(uint256 which, uint256 amount) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        bool isInvoice = item % 2 == 0;
        uint256 outstanding =
            isInvoice ? receivables.outstanding(ReceivableId.wrap(item)) : escrow.outstanding(OrderId.wrap(item));
        if (outstanding == 0) return;
        amount = _bound(amount, 1, outstanding);
        _fundAndApprove(debtor, amount, isInvoice ? address(receivables) : address(escrow));
        vm.prank(debtor);
        if (isInvoice) receivables.pay(ReceivableId.wrap(item), amount);
        else escrow.payOrder(OrderId.wrap(item), amount);
    }

    function repay(uint256 which, uint256 amount) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        address who = _supplierOf(id);
        if (!registry.isAdmitted(who)) return;
        _repayBy(who, id, amount);
    }

    function repayOnBehalf(uint256 which, uint256 amount) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) != 0) _repayBy(debtor, id, amount);
    }

    function payCommitmentFee(bool first) external act {
        FacilityId line = first ? otherFacility : spareFacility;
        uint256 due = desk.commitmentDue(line);
        if (due == 0) return;
        _issue(euro, debtor, due);
        vm.prank(debtor);
        desk.payCommitmentFee(line);
    }

    function release(uint256 which) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _owed(id) != 0 || !registry.isAdmitted(_supplierOf(id))) return;
        if (_state(id) == IFinancingDesk.State.Released) return;
        if (FinancingId.unwrap(desk.facility(desk.financing(id).facility).recourseTo) != 0) return;
        vm.startPrank(_supplierOf(id));
        // Units come back only to a holder that has taken what is due on those it kept.
        ReceivableId receivable = ReceivableId.wrap(item);
        if (receivables.claimable(receivable, _supplierOf(id)) != 0) receivables.claim(receivable);
        vm.stopPrank();
        uint256 fee = desk.commitmentDue(desk.financing(id).facility);
        if (fee != 0) _fundAndApprove(_supplierOf(id), fee, address(desk));
        vm.prank(_supplierOf(id));
        desk.release(id);
    }

    function claimParked(bool ofHarbour) external act {
        address who = ofHarbour ? harbour : supplier;
        if (!registry.isAdmitted(who) || desk.parked(who, address(euro)) == 0) return;
        vm.prank(who);
        desk.claimParked(address(euro));
    }

    // Oracles and strangers

    function attest(uint256 which, bool received, uint256 quantity) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        uint32 milestone = received ? Milestones.RECEIVED : Milestones.DEPARTED;
        quantity = _bound(quantity, QUANTITY / 2, QUANTITY * 11 / 10);
        _fact(received ? warehouse : carrier, inspector, bytes32(item), milestone, 1, uint64(quantity));
    }

    function poke(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        (, uint256 available) = desk.availability(id);
        vm.startPrank(stranger);
        assertEq(desk.poke(id), available, "a poke draws what was announced");
        assertEq(desk.poke(id), 0, "a second poke finds nothing left, to the unit");
        vm.stopPrank();
    }

    function wait_(uint256 time) external act {
        clock += time % 4 == 0 ? _bound(time, 1, 2 hours) : _bound(time, 1 days, 20 days);
        vm.warp(clock);
    }

    // Officers and servicing

    function impair(uint256 which, uint256 impairment) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || !_isLive(id)) return;
        desk.setImpairment(id, _bound(impairment, 0, desk.financing(id).principal));
    }

    function writeOff(uint256 which, uint256 amount) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || !_isLive(id)) return;
        uint256 principal = desk.financing(id).principal;
        if (principal != 0 && clock >= _overdueFrom(id)) desk.writeOff(id, _bound(amount, 1, principal));
    }

    function declareDefault(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _state(id) != IFinancingDesk.State.Open) return;
        uint256 loss = desk.financing(id).principal / 4;
        if (_owed(id) != 0 && clock >= _overdueFrom(id)) desk.declareDefault(id, loss);
    }

    function reschedule(uint256 which, uint256 daysMore) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _state(id) != IFinancingDesk.State.Open) return;
        uint256 today = clock / 1 days;
        uint256 day = desk.financing(id).maturityDay;
        desk.reschedule(id, uint16((day + 1 > today ? day + 1 : today) + _bound(daysMore, 0, 30)));
    }

    function refinance(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _supplierOf(id) != supplier) return;
        bool isHere = FacilityId.unwrap(desk.financing(id).facility) == FacilityId.unwrap(facility);
        // Many financings do not fit, and say so; what they announced before they did is not to be counted.
        try desk.refinance(id, isHere ? spareFacility : facility) {}
        catch {
            vm.getRecordedLogs();
        }
    }

    function openRecourse(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || !_isLive(id) || _owed(id) == 0) return;
        IFinancingDesk.Facility memory line = desk.facility(desk.financing(id).facility);
        if (line.terms.recourse && FinancingId.unwrap(line.recourseTo) == 0) desk.openRecourse(id);
    }

    function setLimit(uint256 limit) external act {
        desk.setLimit(facility, _bound(limit, 1_000_000, LIMIT));
    }

    function freeze(bool frozen, bool ofHarbour) external act {
        if (frozen) registry.freezeAccount(ofHarbour ? harbour : supplier);
        else registry.unfreezeAccount(ofHarbour ? harbour : supplier);
    }

    function takeFees(uint256 amount) external act {
        amount = _bound(amount, 0, pool.held().fees);
        pool.takeFees(treasury, amount);
        feesTaken += amount;
    }

    // Internals

    function _renewLast() private {
        for (uint24 id = 9; id <= 10; ++id) {
            registry.renewKyc(registry.organisation(OrganisationId.wrap(id)).lei, uint40(START + 20 * 365 days));
        }
    }

    function _openOtherFacilities() private {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.expiresAt = uint40(START + 10 * 365 days);
        terms.committedFeeBps = 50;
        terms.feeBps = 10;
        spareFacility = _openFacility(terms);
        terms.supplier = harbour;
        terms.dayCount = DayCount.Thirty360;
        (terms.revolving, terms.recourse) = (false, false);
        otherFacility = _openFacility(terms);
        desk.setExpiry(facility, terms.expiresAt);
    }

    function _newInvoice(uint256 item, address who, address owes, uint256 faceValue) private {
        uint256 due = clock / 1 days + 60;
        ReceivableId id = ReceivableId.wrap(item);
        vm.startPrank(who);
        receivables.register(IReceivableToken.RegisterTerms(id, owes, "EUR", faceValue, QUANTITY, due, 0));
        oracle.openSubject(bytes32(item), new bytes32[](0));
        vm.stopPrank();
        vm.prank(owes);
        receivables.accept(IReceivableToken.Acceptance(id, faceValue, QUANTITY, due, true));
    }

    function _prepare(address who) private {
        vm.startPrank(who);
        receivables.setApprovalForAll(address(invoices), true);
        euro.approve(address(desk), type(uint256).max);
        vm.stopPrank();
    }

    function _repayBy(address who, FinancingId id, uint256 amount) private {
        uint256 owed = _owed(id);
        if (owed == 0 || !_isLive(id)) return;
        amount = _bound(amount, 1, owed + 1000);
        _issue(euro, who, amount);
        vm.prank(who);
        assertEq(desk.repay(id, amount), amount < owed ? amount : owed, "no more is taken than is owed");
    }

    function _pick(uint256 which) internal returns (FinancingId id, uint256 item) {
        if (items == 0) return (FinancingId.wrap(0), 0);
        touched = uint64(_bound(which, 1, items));
        return (FinancingId.wrap(touched), itemOf[touched]);
    }

    function _supplierOf(FinancingId id) internal view returns (address) {
        return desk.facility(desk.financing(id).facility).terms.supplier;
    }

    function _overdueFrom(FinancingId id) private view returns (uint256 overdueFrom) {
        (, overdueFrom) = desk.maturityOf(id);
    }

    function _isLive(FinancingId id) internal view returns (bool) {
        return _state(id) == IFinancingDesk.State.Open || _state(id) == IFinancingDesk.State.Defaulted;
    }

    /// @dev Ghost totals from what the desk announces.
    function _count() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(desk)) continue;
            bytes32 kind = logs[i].topics[0];
            if (kind == IFinancingDesk.Drawn.selector) {
                uint256 amount = abi.decode(logs[i].data, (uint256));
                lent += amount;
                drawnUnder[uint256(logs[i].topics[2])] += amount;
                ++draws;
                _checkDraw(FinancingId.wrap(uint64(uint256(logs[i].topics[1]))));
            } else if (kind == IFinancingDesk.Refinanced.selector) {
                uint256 amount = abi.decode(logs[i].data, (uint256));
                lent += amount;
                drawnUnder[uint256(logs[i].topics[3])] += amount;
            } else if (kind == IFinancingDesk.Repaid.selector) {
                (Waterfall.Split memory parts,) = abi.decode(logs[i].data, (Waterfall.Split, uint256));
                repaid += parts.lateFees + parts.fees + parts.interest + parts.principal;
                repaid += parts.recovered + parts.reserve;
                principalReceived += parts.principal;
                recovered += parts.recovered;
                reserveReceived += parts.reserve;
                feesReceived += parts.fees;
            } else if (kind == IFinancingDesk.WrittenOff.selector) {
                writtenOff += abi.decode(logs[i].data, (uint256));
            } else if (kind == IFinancingDesk.CommitmentFeePaid.selector) {
                uint256 amount = abi.decode(logs[i].data, (uint256));
                repaid += amount;
                feesReceived += amount;
            }
        }
    }

    function _checkDraw(FinancingId id) private {
        if (_owed(id) > _base(id)) fault = "owed more than the base at a draw";
        IFinancingDesk.Facility memory line = desk.facility(desk.financing(id).facility);
        if (line.drawn > line.terms.limit) fault = "drew more than the limit";
    }

    /// @dev The state of the financing that was acted on moves along its life.
    function _look() private {
        if (touched == 0) return;
        IFinancingDesk.State state = _state(FinancingId.wrap(touched));
        if (!_mayFollow(stateOf[touched], state)) fault = "a state went back";
        stateOf[touched] = state;
        touched = 0;
    }

    function _mayFollow(IFinancingDesk.State from, IFinancingDesk.State to) private pure returns (bool) {
        if (from == to || from == IFinancingDesk.State.None) return true;
        if (from == IFinancingDesk.State.Open) return true;
        if (from == IFinancingDesk.State.Defaulted) {
            return to == IFinancingDesk.State.Repaid || to == IFinancingDesk.State.Released;
        }
        return from == IFinancingDesk.State.Repaid && to == IFinancingDesk.State.Released;
    }

    function _groupOf(address who) internal view returns (uint256) {
        return GroupId.unwrap(registry.membershipOf(who).group);
    }
}
