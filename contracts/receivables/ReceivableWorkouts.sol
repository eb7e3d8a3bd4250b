// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {PaymentIntake} from "./PaymentIntake.sol";
import {ReceivableAcceptance} from "./ReceivableAcceptance.sol";
import {ReceivableBook} from "./ReceivableBook.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The part of the token for what happens to some receivables only: signatures that others send, cancellation,
/// default, dispute, dilution.
/// @dev Code without a state of its own: the token runs it on its own storage, by delegatecall, because it would not
/// fit beside payments and moves.
/// @dev Each signature is bound to chain, contract, deal and deadline. Acceptance and cancellation happen once in an
/// invoice's life; a transfer, which could happen again, carries a nonce.
contract ReceivableWorkouts is ReceivableAcceptance, PaymentIntake {
    modifier onlyDisputes() {
        require(msg.sender == _disputes, IReceivableToken.NotDisputes(msg.sender));
        _;
    }

    constructor(IParticipantRegistry registry, address authority) ReceivableBook(registry, authority) {}

    // Signers, through whoever sends it

    /// @notice See `IReceivableToken`.
    function acceptBySignature(
        IReceivableToken.Acceptance calldata acceptance,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 digest = _acceptanceDigest(acceptance, signer, deadline);
        _requireSigned(acceptance.id, signer, deadline, digest, signature);
        _accept(acceptance, signer);
    }

    /// @notice See `IReceivableToken`.
    function transferBySignature(IReceivableToken.Transfer calldata transfer, bytes calldata signature) external {
        address from = transfer.from;
        _requireSigned(transfer.id, from, transfer.deadline, _transferDigest(transfer), signature);
        _useCheckedNonce(from, transfer.nonce);
        _moveOne(from, from, transfer.to, ReceivableId.unwrap(transfer.id), transfer.units, "");
    }

    /// @notice See `IReceivableToken`.
    function cancelBySignature(ReceivableId id, address signer, uint256 deadline, bytes calldata signature) external {
        _requireSigned(id, signer, deadline, _cancellationDigest(id, signer, deadline), signature);
        _requireDebtor(id, _recordOf(id), signer);
        _cancelAccepted(id);
    }

    /// @notice See `IReceivableToken`.
    function voidNextSignature() external {
        _useNonce(msg.sender);
    }

    // Supplier

    /// @notice See `IReceivableToken`.
    function cancel(ReceivableId id) external {
        IReceivableToken.Receivable memory its = _recordOf(id);
        _requireState(id, its.state, IReceivableToken.State.Registered);
        _requireSupplier(id, its);
        uint256 held = _holdings[id][msg.sender].units;
        if (held != its.faceValue) {
            revert ERC1155InsufficientBalance(msg.sender, held, its.faceValue, ReceivableId.unwrap(id));
        }
        _cancel(id, its.faceValue);
    }

    /// @notice See `IReceivableToken`.
    function cancelByConsent(ReceivableId id) external {
        require(_cancellationConsented[id], IReceivableToken.ConsentMissing(id));
        _cancelAccepted(id);
    }

    // Debtor

    /// @notice See `IReceivableToken`.
    function consentToCancellation(ReceivableId id, bool given) external {
        IReceivableToken.Receivable memory its = _recordOf(id);
        _requireState(id, its.state, IReceivableToken.State.Accepted);
        _requireDebtor(id, its, msg.sender);
        _cancellationConsented[id] = given;
        emit IReceivableToken.CancellationConsented(id, msg.sender, given);
    }

    // Anyone

    /// @notice See `IReceivableToken`.
    function markDefaulted(ReceivableId id) external {
        IReceivableToken.Receivable memory its = _recordOf(id);
        bool running = its.state == IReceivableToken.State.Accepted || its.state == IReceivableToken.State.Disputed;
        require(running, IReceivableToken.ReceivableStateWrong(id, its.state, IReceivableToken.State.Accepted));
        uint256 from = _defaultedFrom(its);
        require(block.timestamp >= from, IReceivableToken.NotOverdue(id, block.timestamp, from));
        _receivables[id].state = IReceivableToken.State.Defaulted;
        emit IReceivableToken.ReceivableDefaulted(id, its.faceValue - its.paid);
    }

    // The contract that handles disputes

    /// @notice See `IReceivableToken`.
    function dilute(ReceivableId id, uint256 amount) external onlyDisputes {
        uint8 custodian = _receivables[id].custodian;
        _dilute(id, amount);
        _tell(id, custodian);
    }

    /// @notice See `IReceivableToken`.
    function recordDispute(ReceivableId id, uint256 disputed) external onlyDisputes {
        IReceivableToken.Receivable memory its = _recordOf(id);
        IReceivableToken.State state = its.state;
        require(_isOwed(state), IReceivableToken.ReceivableStateWrong(id, state, IReceivableToken.State.Accepted));
        if (disputed != 0 && state == IReceivableToken.State.Accepted) state = IReceivableToken.State.Disputed;
        if (disputed == 0 && state == IReceivableToken.State.Disputed) {
            state = block.timestamp < _defaultedFrom(its)
                ? IReceivableToken.State.Accepted
                : IReceivableToken.State.Defaulted;
        }
        _disputed[id] = disputed;
        _receivables[id].state = state;
        emit IReceivableToken.DisputeRecorded(id, disputed, state);
        bool defaulted = state == IReceivableToken.State.Defaulted && its.state != IReceivableToken.State.Defaulted;
        if (defaulted) emit IReceivableToken.ReceivableDefaulted(id, its.faceValue - its.paid);
    }

    // Internals

    /// @dev A signing contract gets a bounded amount of gas, so that it cannot eat up a batch that it is part of.
    function _requireSigned(ReceivableId id, address signer, uint256 deadline, bytes32 digest, bytes calldata signature)
        private
        view
    {
        require(block.timestamp <= deadline, IReceivableToken.SignatureExpired(id, deadline, block.timestamp));
        require(Signatures.isValid(signer, digest, signature), IReceivableToken.SignatureInvalid(id, signer));
    }

    /// @dev The debtor's consent has been checked. One reserved unit is one too many: the financier counts on it.
    function _cancelAccepted(ReceivableId id) private {
        IReceivableToken.Receivable memory its = _recordOf(id);
        _requireState(id, its.state, IReceivableToken.State.Accepted);
        _requireSupplier(id, its);
        ICirculation.Holding memory held = _holdingOf(id, msg.sender);
        uint256 free = held.reservedUntil > block.timestamp ? 0 : held.units;
        bool untouched = its.paid == 0 && its.transfers == 0 && its.custodian == 0 && free == its.faceValue;
        require(untouched, IReceivableToken.NotCancellable(id, its.paid, its.transfers, its.custodian, free));
        _cancel(id, its.faceValue);
    }

    /// @dev The caller holds all of it.
    function _cancel(ReceivableId id, uint256 units) private {
        _receivables[id].state = IReceivableToken.State.Cancelled;
        _holdings[id][msg.sender].units = 0;
        emit IReceivableToken.ReceivableCancelled(id);
        emit TransferSingle(msg.sender, msg.sender, address(0), ReceivableId.unwrap(id), units);
    }

    function _requireSupplier(ReceivableId id, IReceivableToken.Receivable memory its) private view {
        OrganisationId caller = _organisationOf(msg.sender, Roles.SUPPLIER);
        require(caller == its.supplier, IReceivableToken.NotSupplierOf(id, caller, its.supplier));
    }

    /// @dev The registry is asked for the supplier's accounts, sixteen at most: no invoice's slot has room for one.
    function _dilute(ReceivableId id, uint256 amount) private nonReentrant {
        IReceivableToken.Receivable memory its = _recordOf(id);
        require(
            _isOwed(its.state), IReceivableToken.ReceivableStateWrong(id, its.state, IReceivableToken.State.Accepted)
        );
        uint256 owed = its.faceValue - its.paid;
        require(amount <= owed, IReceivableToken.DilutionExceedsOutstanding(id, amount, owed));
        _rememberFaceValue(id, its);
        uint256 left = amount;
        address[] memory accounts = _registry.accountsOf(its.supplier);
        for (uint256 i = 0; i < accounts.length && left != 0; ++i) {
            left -= _absorb(id, its, accounts[i], left);
        }
        bool fromCustody = left != 0 && !its.setOffWaived && its.custodian != 0;
        if (fromCustody) left -= _absorb(id, its, _custodianAt[its.custodian], left);
        require(left == 0, IReceivableToken.DilutionExceedsUnits(id, amount, amount - left));
        // Safe: at most what is outstanding of a 56-bit face value.
        uint56 faceValue = its.faceValue - uint56(amount);
        _receivables[id].faceValue = faceValue;
        if (amount == owed) _receivables[id].state = IReceivableToken.State.Settled;
        emit IReceivableToken.ReceivableDiluted(id, amount, faceValue);
        if (amount == owed) emit IReceivableToken.ReceivableSettled(id);
    }

    /// @dev Never a burn of nothing: something is owed, and what a holder keeps of its units is rounded up.
    /// @return absorbed units burned, at most what the holder has once its share is set aside
    function _absorb(ReceivableId id, IReceivableToken.Receivable memory its, address holder, uint256 most)
        private
        returns (uint256 absorbed)
    {
        ICirculation.Holding storage held = _holdings[id][holder];
        if (held.units == 0) return 0;
        _bringUpToDate(id, its.paid, holder, held);
        uint256 units = held.units;
        absorbed = Math.min(units, most);
        // Safe: at most the holder's units.
        held.units = uint56(units - absorbed);
        _endCustody(id, its.custodian, holder, units - absorbed);
        emit TransferSingle(holder, holder, address(0), ReceivableId.unwrap(id), absorbed);
    }

    /// @dev Only where something was paid since the last entry: a stretch without payments has no shares.
    function _rememberFaceValue(ReceivableId id, IReceivableToken.Receivable memory its) private {
        FormerFaceValue[] storage formers = _formerFaceValues[id];
        uint256 count = formers.length;
        uint256 known = count == 0 ? 0 : formers[count - 1].paid;
        if (known != its.paid) formers.push(FormerFaceValue(its.paid, its.faceValue));
    }
}
