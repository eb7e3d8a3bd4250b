// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {LendingBase} from "./LendingBase.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title Lets lenders, supplier, debtor, oracles, officers and strangers act at random, always within what is allowed;
/// keeps ghost totals, and checks after each act what must hold of the act itself.
abstract contract LendingHandler is LendingBase {
    uint256 private constant MOST_FINANCINGS = 8;

    // Ghost totals, minor units
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public donated;
    uint256 public feesTaken;
    uint256 public lent;
    uint256 public interestReceived;
    uint256 public principalReceived;
    uint256 public feesReceived;
    uint256 public acts;

    uint256 private clock;
    uint256 internal items;

    struct Prices {
        uint256 gross;
        uint256 net;
        uint256 shares;
        uint256 impairment;
        uint256[] principals;
    }

    /// @dev One act: time stands where it was left; afterwards prices and draws are looked at.
    modifier act() {
        vm.warp(clock);
        Prices memory before = _prices();
        vm.recordLogs();
        _;
        ++acts;
        _count();
        _checkPrices(before);
        _checkDraws(before);
    }

    constructor() {
        setUp();
        clock = vm.getBlockTimestamp();
        deposited = FUNDED;
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        euro.approve(address(desk), type(uint256).max);
        vm.stopPrank();
    }

    // Lenders

    function deposit(uint256 assets, bool first) external act {
        address who = first ? cobalt : granite;
        assets = _bound(assets, 1, 20_000_000);
        _deposit(who, assets);
        deposited += assets;
    }

    function withdraw(uint256 assets, bool first) external act {
        address who = first ? cobalt : granite;
        assets = _bound(assets, 0, vault.maxWithdraw(who));
        vm.prank(who);
        vault.withdraw(assets, who, who);
        withdrawn += assets;
    }

    function redeem(uint256 shares, bool first) external act {
        address who = first ? cobalt : granite;
        shares = _bound(shares, 0, vault.maxRedeem(who));
        vm.prank(who);
        withdrawn += vault.redeem(shares, who, who);
    }

    function transferShares(uint256 shares, bool first) external act {
        (address from, address to) = first ? (cobalt, granite) : (granite, cobalt);
        shares = _bound(shares, 0, vault.balanceOf(from));
        vm.prank(from);
        vault.transfer(to, shares);
    }

    // Supplier and debtor

    function financeInvoice(uint256 faceValue, uint256 units) external act {
        if (items == MOST_FINANCINGS || !registry.isAdmitted(supplier)) return;
        uint256 item = ++items * 2;
        faceValue = _bound(faceValue, 1_000_000, FACE_VALUE);
        uint256 due = clock / 1 days + 60;
        ReceivableId id = ReceivableId.wrap(item);
        vm.startPrank(supplier);
        receivables.register(IReceivableToken.RegisterTerms(id, debtor, "EUR", faceValue, QUANTITY, due));
        oracle.openSubject(bytes32(item), new bytes32[](0));
        vm.stopPrank();
        vm.prank(debtor);
        receivables.accept(IReceivableToken.Acceptance(id, faceValue, QUANTITY, due, true));
        vm.prank(supplier);
        desk.openFinancing(facility, invoices, item, _bound(units, faceValue / 2, faceValue), bytes32(item));
    }

    function financeOrder(uint256 value) external act {
        if (items == MOST_FINANCINGS || !registry.isAdmitted(supplier)) return;
        uint256 item = ++items * 2 + 1;
        value = _bound(value, 1_000_000, FACE_VALUE);
        OrderId id = OrderId.wrap(item);
        uint256 deliverBy = clock / 1 days + 60;
        vm.startPrank(supplier);
        escrow.registerOrder(IOrderEscrow.OrderTerms(id, debtor, "EUR", value, QUANTITY, deliverBy));
        oracle.openSubject(bytes32(item), new bytes32[](0));
        vm.stopPrank();
        vm.prank(debtor);
        escrow.acceptOrder(id, value, QUANTITY, deliverBy);
        vm.prank(supplier);
        desk.openFinancing(facility, orders, item, value, bytes32(item));
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
        uint256 owed = _owed(id);
        if (owed == 0 || !registry.isAdmitted(supplier)) return;
        amount = _bound(amount, 1, owed);
        _issue(euro, supplier, amount);
        vm.prank(supplier);
        desk.repay(id, amount);
    }

    function release(uint256 which) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0 || _owed(id) != 0 || !registry.isAdmitted(supplier)) return;
        if (desk.financing(id).state == IFinancingDesk.State.Released) return;
        vm.startPrank(supplier);
        // Units come back only to a holder that has taken what is due on those it kept.
        ReceivableId receivable = ReceivableId.wrap(item);
        if (receivables.claimable(receivable, supplier) != 0) receivables.claim(receivable);
        desk.release(id);
        vm.stopPrank();
    }

    function claimParked() external act {
        if (!registry.isAdmitted(supplier)) return;
        vm.startPrank(supplier);
        if (desk.parked(supplier, address(euro)) != 0) desk.claimParked(address(euro));
        if (escrow.parked(supplier, address(euro)) != 0) escrow.claimParked(address(euro));
        vm.stopPrank();
    }

    // Oracles and strangers

    function attest(uint256 which, bool received, uint256 quantity, uint256 sequence) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        uint32 milestone = received ? Milestones.RECEIVED : Milestones.DEPARTED;
        Party memory first = received ? warehouse : carrier;
        quantity = _bound(quantity, 0, QUANTITY * 11 / 10);
        _fact(first, inspector, bytes32(item), milestone, uint32(_bound(sequence, 1, 3)), uint64(quantity));
    }

    function dispute(uint256 which, uint256 quantity) external act {
        (FinancingId id, uint256 item) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        uint64 one = uint64(_bound(quantity, 2, QUANTITY));
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        for (uint64 i = 1; i <= 2; ++i) {
            observations[0] =
                IMilestoneOracle.Observation(bytes32(item), Milestones.RECEIVED, 1, uint64(clock - 1 hours), one / i);
            votes[0] = _vote(i == 1 ? carrier : inspector, observations, 1);
            oracle.attest(observations, votes);
        }
    }

    function poke(uint256 which) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        (, uint256 available) = desk.availability(id);
        vm.prank(stranger);
        assertEq(desk.poke(id), available, "a poke draws what was announced");
        vm.prank(stranger);
        assertEq(desk.poke(id), 0, "a second poke finds nothing left, to the unit");
    }

    function donate(uint256 amount) external act {
        amount = _bound(amount, 1, 1e9);
        _issue(euro, address(pool), amount);
        donated += amount;
    }

    function wait_(uint256 time) external act {
        clock += time % 4 == 0 ? _bound(time, 1, 60) : _bound(time, 1 days, 20 days);
        vm.warp(clock);
    }

    // Officers

    function impair(uint256 which, uint256 impairment) external act {
        (FinancingId id,) = _pick(which);
        if (FinancingId.unwrap(id) == 0) return;
        IFinancingDesk.Financing memory its = desk.financing(id);
        if (its.state == IFinancingDesk.State.Open) desk.setImpairment(id, _bound(impairment, 0, its.principal));
    }

    function freeze(bool frozen) external act {
        if (frozen) registry.freezeAccount(supplier);
        else registry.unfreezeAccount(supplier);
    }

    function takeFees(uint256 amount) external act {
        amount = _bound(amount, 0, pool.books().accruedFees);
        pool.takeFees(treasury, amount);
        feesTaken += amount;
    }

    // Internals

    function _pick(uint256 which) internal view returns (FinancingId id, uint256 item) {
        uint256 count = items;
        if (count == 0) return (FinancingId.wrap(0), 0);
        id = FinancingId.wrap(uint64(_bound(which, 1, count)));
        item = desk.financing(id).itemId;
    }

    /// @dev Ghost totals from what the desk announces: the pool's own books must come to the same.
    function _count() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(desk)) continue;
            if (logs[i].topics[0] == IFinancingDesk.Drawn.selector) {
                lent += abi.decode(logs[i].data, (uint256));
            } else if (logs[i].topics[0] == IFinancingDesk.Repaid.selector) {
                (uint256 fees, uint256 interest, uint256 principal) =
                    abi.decode(logs[i].data, (uint256, uint256, uint256));
                interestReceived += interest;
                principalReceived += principal;
                feesReceived += fees;
            }
        }
    }

    function _prices() private view returns (Prices memory prices) {
        prices.gross = pool.grossAssets() + 1;
        prices.net = pool.netAssets() + 1;
        prices.shares = vault.totalSupply() + 1e6;
        prices.impairment = pool.books().impairment;
        prices.principals = new uint256[](items);
        for (uint64 i; i < items; ++i) {
            prices.principals[i] = desk.financing(FinancingId.wrap(i + 1)).principal;
        }
    }

    /// @dev The entry price never falls; the exit price falls only where an impairment was booked.
    function _checkPrices(Prices memory before) private view {
        Prices memory now_ = _prices();
        assertGe(now_.gross * before.shares, before.gross * now_.shares, "entry price fell");
        if (now_.impairment <= before.impairment) {
            assertGe(now_.net * before.shares, before.net * now_.shares, "exit price fell without an impairment");
        }
    }

    /// @dev Whatever was drawn in this act is within base and limit.
    function _checkDraws(Prices memory before) private view {
        for (uint64 i; i < items; ++i) {
            FinancingId id = FinancingId.wrap(i + 1);
            uint256 previous = i < before.principals.length ? before.principals[i] : 0;
            if (desk.financing(id).principal <= previous) continue;
            assertLe(_owed(id), _base(id), "owed more than the base at a draw");
        }
        assertLe(desk.facility(facility).drawn, LIMIT);
    }
}
