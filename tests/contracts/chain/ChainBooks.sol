// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, LotId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {ChainBase} from "./ChainBase.sol";

/// @title Books of their own about orders, goods and debts: of goods by what the handler did and witnesses said, of orders
/// by what the escrow's balance did, of debts by what the desk says before and after each act. Nothing is read out of what was
/// announced: the recorder keeps what a call announced that was undone.
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
    /// @param back minor units that came back to who is not of the buyer's organisation
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

    /// @param isSold goods were sold against their owner's will
    struct Loan {
        uint256 line;
        address supplier;
        Paper paper;
        Paper first;
        uint256 principal;
        bool isSold;
        bool isOver;
        LotId[] lots;
    }

    uint256 internal constant MOST_LINES = 4;

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
    uint256 private _lenderHad;
    uint256 private _touched;

    /// @dev Time stands where it was left; afterwards the books are brought up to date.
    modifier act() {
        vm.warp(clock);
        (_escrowHad, _lenderHad, _touched) = (euro.balanceOf(address(escrow)), euro.balanceOf(cobalt), 0);
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

    function _close() private {
        _noteDraws();
        uint256 has = euro.balanceOf(address(escrow));
        if (_touched == 0) {
            assertEq(has, _escrowHad, "no order was touched");
            return;
        }
        Line storage its = _here();
        its.net += int256(has) - int256(_escrowHad);
        its.back += euro.balanceOf(cobalt) - _lenderHad;
        uint256 earned = _earned(_number());
        if (earned > its.mostEarned) its.mostEarned = earned;
    }

    /// @dev What was drawn in an act is borne by the end of it.
    function _noteDraws() private {
        for (uint256 i; i < loans.length; ++i) {
            Loan storage its = loanOf[loans[i]];
            uint256 principal = desk.financing(loans[i]).principal;
            if (principal > its.principal) {
                if (its.first == Paper.Purchase) lines[its.line].put += principal - its.principal;
                _lookAtDraw(loans[i]);
                _count("draw");
            }
            its.principal = principal;
        }
    }

    function _lookAtDraw(FinancingId id) private view {
        (uint256 base,) = desk.availability(id);
        assertGt(base, 0, "a draw on a base of nothing");
        assertLe(_owed(id), base, "a draw left more owed than is borne");
    }
}
