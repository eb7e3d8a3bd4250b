// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {BatchCalls} from "../libraries/BatchCalls.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {PaymentIntake} from "./PaymentIntake.sol";
import {ReceivableBook} from "./ReceivableBook.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";

/// @title The part of the token for the network's offices and its custodians: rules, lists, stops, reservations; and
/// for payments by permit, batches, and moves of several invoices at once.
/// @dev Code without a state of its own: the token runs it on its own storage, by delegatecall, because it would not
/// fit beside payments and moves.
/// @dev Nothing is ever taken off a list: receivables go on naming it.
contract ReceivableOffices is PaymentIntake, BatchCalls {
    uint256 private constant MOST_RESERVATION = 7 days;

    constructor(IParticipantRegistry registry, address authority) ReceivableBook(registry, authority) {}

    // Governor

    /// @notice See `IReceivableToken`.
    function listCurrency(ICashToken cash) external restricted returns (uint8 index) {
        bytes3 currency = cash.currency();
        require(_currencyIndex[currency] == 0, ICirculation.CurrencyAlreadyListed(currency));
        index = ++_currencyCount;
        _currencyIndex[currency] = index;
        _cashAt[index] = cash;
        emit ICirculation.CurrencyListed(index, currency, cash);
    }

    /// @notice See `IReceivableToken`.
    function listCustodian(address custodian) external restricted returns (uint8 index) {
        require(custodian.code.length != 0, ICirculation.CustodianHasNoCode(custodian));
        require(_custodianIndex[custodian] == 0, ICirculation.CustodianAlreadyListed(custodian));
        index = ++_custodianCount;
        _custodianIndex[custodian] = index;
        _custodianAt[index] = custodian;
        emit ICirculation.CustodianListed(index, custodian);
    }

    /// @notice See `IReceivableToken`.
    function setCirculationRules(ICirculation.CirculationRules calldata rules) external restricted {
        _setRules(rules);
    }

    /// @notice See `IReceivableToken`.
    function setDisputes(address disputes_) external restricted {
        bool first = _disputes == address(0) && disputes_.code.length != 0;
        require(first, IReceivableToken.DisputesInvalid(_disputes, disputes_));
        _disputes = disputes_;
        emit IReceivableToken.DisputesSet(disputes_);
    }

    /// @notice See `IReceivableToken`.
    function resume(ICirculation.Stoppable what) external restricted {
        _rules.stopped &= ~_bitOf(what);
        emit ICirculation.FunctionResumed(what, msg.sender);
    }

    // Guardian

    /// @notice See `IReceivableToken`.
    function stop(ICirculation.Stoppable what) external restricted {
        _rules.stopped |= _bitOf(what);
        emit ICirculation.FunctionStopped(what, msg.sender);
    }

    // Custodian

    /// @notice See `IReceivableToken`.
    function reserve(ReceivableId id, address holder, uint40 until) external {
        uint8 index = _custodianIndex[msg.sender];
        require(index != 0, ICirculation.CustodianUnlisted(msg.sender));
        _checkAuthorized(msg.sender, holder);
        _registry.requireAdmitted(msg.sender, holder);
        _requireState(id, _receivables[id].state, IReceivableToken.State.Accepted);
        uint256 latest = block.timestamp + MOST_RESERVATION;
        bool inRange = until > block.timestamp && until <= latest;
        require(inRange, ICirculation.ReservationOutOfRange(id, until, block.timestamp, latest));
        uint8 held = _receivables[id].custodian;
        require(held == 0 || held == index, ICirculation.AlreadyEncumbered(id, held));
        ICirculation.Holding storage its = _holdings[id][holder];
        require(
            its.reservedUntil <= block.timestamp,
            ICirculation.AlreadyReserved(id, holder, its.reservedBy, its.reservedUntil)
        );
        require(its.units != 0, ICirculation.NothingToReserve(id, holder));

        (its.reservedBy, its.reservedUntil) = (index, until);
        emit ICirculation.UnitsReserved(id, holder, msg.sender, until);
    }

    /// @notice See `IReceivableToken`.
    function endReservation(ReceivableId id, address holder) external {
        ICirculation.Holding storage its = _holdings[id][holder];
        bool own = its.reservedBy != 0 && its.reservedBy == _custodianIndex[msg.sender];
        require(own, ICirculation.NotReservedBy(id, holder, msg.sender));
        (its.reservedBy, its.reservedUntil) = (0, 0);
        emit ICirculation.ReservationEnded(id, holder, msg.sender);
    }

    // Payer

    /// @notice See `IReceivableToken`.
    function payWithPermit(ReceivableId id, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 taken)
    {
        IReceivableToken.Receivable memory its = _recordOf(id);
        require(
            _isOwed(its.state), IReceivableToken.ReceivableStateWrong(id, its.state, IReceivableToken.State.Accepted)
        );
        // Whether it failed or somebody used it before, the allowance decides.
        try _cashAt[its.currency].permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _pay(id, amount);
    }
}
