// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {ChainBase} from "./ChainBase.sol";
import {Vm} from "forge-std/Vm.sol";

/// @title Books of their own about orders, goods and debts: of goods by what the handler did and witnesses said, of orders
/// by what the escrow's balance did, of debts by what the desk announced and the time that passed.
abstract contract ChainBooks is ChainBase {
    enum Paper {
        None,
        Order,
        Purchase,
        Lot,
        Invoice
    }

    /// @param put minor units that were put into the escrow
    /// @param net by which the escrow's cash grew
    /// @param straight minor units that the buyer paid past the escrow
    /// @param agreed minor units that goods handed over or a split gave the seller
    /// @param back minor units that the escrow says it gave back
    /// @param mostEarned minor units that facts had earned at best
    /// @param inDispute a fact of a delivery is
    /// @param objections bit 0 by the seller, bit 1 by the buyer
    struct Line {
        OrderId order;
        bytes32 subject;
        LotId lot;
        ReceivableId invoice;
        address seller;
        address buyer;
        uint256 source;
        uint256 value;
        uint256 dueDay;
        FinancingId financing;
        int256 net;
        uint256 put;
        uint256 straight;
        uint256 agreed;
        uint256 invoiced;
        uint256 back;
        uint256 mostEarned;
        bool isPurchase;
        bool measured;
        bool departed;
        bool inDispute;
        bool isStored;
        bool hasInvoice;
        bool wasLent;
        bool isMatched;
        uint8 objections;
    }

    struct Delivery {
        uint256 quantity;
        uint256 at;
    }

    struct Holding {
        uint256 free;
        uint256 pledged;
        uint256 freeAside;
        uint256 pledgedAside;
    }

    /// @param numerator of the interest, minor units times bps times seconds
    /// @param isSold goods were sold against their owner's will
    struct Loan {
        uint256 line;
        address supplier;
        Paper paper;
        Paper first;
        uint256 principal;
        uint256 numerator;
        uint256 accruedAt;
        bool isSold;
        bool isOver;
        LotId[] lots;
    }

    uint256 internal constant MOST_LINES = 4;
    uint256 internal constant INTEREST = 10_000 * 360 days;

    Line[] internal lines;
    mapping(uint256 line => Delivery[]) internal deliveries;
    FinancingId[] internal loans;
    mapping(FinancingId => Loan) internal loanOf;
    LotId[] internal stored;
    mapping(LotId => mapping(address => Holding)) internal booked;
    mapping(LotId => uint256) internal came;
    mapping(LotId => uint256) internal gone;
    mapping(string verb => uint256) public done;
    uint256 internal issued;
    mapping(address => uint256) internal gifts;

    uint256 internal clock;
    uint256 private _escrowHad;
    uint256 private _touched;
    FinancingId[] private _justDrawn;

    /// @dev Time stands where it was left; afterwards the books are brought up to date.
    modifier act() {
        vm.warp(clock);
        vm.recordLogs();
        (_escrowHad, _touched) = (euro.balanceOf(address(escrow)), 0);
        _;
        clock = vm.getBlockTimestamp();
        _close();
    }

    // Picking

    function _at(uint256 seed) internal returns (Line storage its) {
        uint256 index = seed % lines.length;
        _touched = index + 1;
        return lines[index];
    }

    function _number() internal view returns (uint256) {
        return _touched - 1;
    }

    /// @return its the line whose turn it is
    function _here() internal view returns (Line storage its) {
        return lines[_touched - 1];
    }

    function _hasLoan(Line storage its) internal view returns (bool) {
        return FinancingId.unwrap(its.financing) != 0;
    }

    function _paperOf(Line storage its) internal view returns (Paper) {
        return _hasLoan(its) ? loanOf[its.financing].paper : Paper.None;
    }

    function _orderOf(Line storage its) internal view returns (IOrderEscrow.Order memory) {
        return escrow.order(its.order);
    }

    function _isAccepted(Line storage its) internal view returns (bool) {
        return _orderOf(its).state == IOrderEscrow.State.Accepted;
    }

    function _sellerIndex(Line storage its) internal view returns (uint256) {
        return its.seller == sellers[0] ? 0 : 1;
    }

    // Noting

    function _give(address who, uint256 amount) internal {
        if (amount == 0) return;
        _issue(euro, who, amount);
        issued += amount;
    }

    function _count(string memory verb) internal {
        ++done[verb];
    }

    function _noteLoan(FinancingId id, Paper paper, address supplier_) internal returns (Loan storage its) {
        Line storage line_ = _here();
        (line_.financing, line_.wasLent) = (id, true);
        loans.push(id);
        its = loanOf[id];
        (its.line, its.supplier, its.paper, its.first) = (_number(), supplier_, paper, paper);
    }

    /// @dev What cannot be refused for any other reason than those named.
    function _is(bytes memory reason, bytes4 one, bytes4 other) internal pure returns (bool) {
        return reason.length >= 4 && (bytes4(reason) == one || bytes4(reason) == other);
    }

    // What facts have earned

    /// @dev 30 % for a departure, the rest by what was received: in full where no more than a hundredth is missing.
    function _earned(uint256 number) internal view returns (uint256) {
        Line storage its = lines[number];
        (uint256 come, bool any) = _come(number);
        if (!its.measured) return any ? its.value : its.departed ? its.value * 3 / 10 : 0;
        if (its.inDispute) come = 0;
        else if (come != 0 && come + KILOS / 100 >= KILOS) return its.value;
        uint256 shipped = its.departed ? KILOS : come;
        return its.value * (come * 7 + shipped * 3) / (KILOS * 10);
    }

    /// @return quantity thousandths received that nobody can dispute any more, up to the first that somebody can
    /// @return any whether the first cannot be disputed
    function _come(uint256 number) private view returns (uint256 quantity, bool any) {
        Delivery[] storage all = deliveries[number];
        if (lines[number].inDispute && all.length == 1) return (0, false);
        for (uint256 i; i < all.length && vm.getBlockTimestamp() >= all[i].at + WINDOW; ++i) {
            (quantity, any) = (quantity + all[i].quantity, true);
        }
    }

    // Closing an act

    /// @dev Before whatever may be refused, for then its announcements are none: see `_forget`.
    function _read() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(desk)) _readDesk(logs[i]);
            else if (logs[i].emitter == address(escrow)) _readEscrow(logs[i]);
        }
    }

    /// @dev The recorder keeps what was announced in a call that failed.
    function _forget() internal {
        vm.getRecordedLogs();
    }

    function _close() private {
        _read();
        while (_justDrawn.length != 0) {
            _lookAtDraw(_justDrawn[_justDrawn.length - 1]);
            _justDrawn.pop();
        }
        uint256 has = euro.balanceOf(address(escrow));
        if (_touched == 0) {
            assertEq(has, _escrowHad, "no order was touched");
            return;
        }
        Line storage its = _here();
        its.net += int256(has) - int256(_escrowHad);
        uint256 earned = _earned(_number());
        if (earned > its.mostEarned) its.mostEarned = earned;
    }

    function _readDesk(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        bool isDraw = kind == IFinancingDesk.Drawn.selector;
        if (!isDraw && kind != IFinancingDesk.Repaid.selector) return;
        FinancingId id = FinancingId.wrap(uint64(uint256(log.topics[1])));
        Loan storage its = loanOf[id];
        _accrue(its);
        if (!isDraw) return _noteRepaid(its, log.data);
        (uint256 amount,,, uint256 base, uint256 principal) =
            abi.decode(log.data, (uint256, uint256, uint256, uint256, uint256));
        its.principal += amount;
        assertEq(principal, its.principal, "principal as announced");
        assertGt(base, 0, "drawn on nothing");
        if (address(uint160(uint256(log.topics[3]))) == address(purposes)) lines[its.line].put += amount;
        _justDrawn.push(id);
        _count("draw");
    }

    function _noteRepaid(Loan storage its, bytes memory data) private {
        (Waterfall.Split memory parts,) = abi.decode(data, (Waterfall.Split, uint256));
        uint256 settled = parts.interest * INTEREST;
        its.numerator -= settled < its.numerator ? settled : its.numerator;
        its.principal -= parts.principal;
    }

    function _accrue(Loan storage its) private {
        if (its.principal != 0) its.numerator = _numeratorOf(its);
        its.accruedAt = vm.getBlockTimestamp();
    }

    function _numeratorOf(Loan storage its) private view returns (uint256) {
        return its.numerator + its.principal * RATE_BPS * (vm.getBlockTimestamp() - its.accruedAt);
    }

    function _interestOf(Loan storage its) internal view returns (uint256) {
        uint256 numerator = its.principal == 0 ? its.numerator : _numeratorOf(its);
        return (numerator + INTEREST - 1) / INTEREST;
    }

    function _readEscrow(Vm.Log memory log) private {
        if (log.topics[0] != IOrderEscrow.OrderRefunded.selector) return;
        _here().back += abi.decode(log.data, (uint256));
    }

    /// @dev By the end of the act in which it was made, with nothing undone by the act itself.
    function _lookAtDraw(FinancingId id) private view {
        (uint256 base,) = desk.availability(id);
        assertGt(base, 0, "a draw on a base of nothing");
        assertLe(_owed(id), base, "a draw left more owed than is borne");
    }
}
