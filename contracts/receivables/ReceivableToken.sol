// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Hints} from "../libraries/Hints.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {ReceivableUnits} from "./ReceivableUnits.sol";
import {IProceedsReceiver} from "./interfaces/IProceedsReceiver.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Invoices: registered by the supplier, accepted and paid by the debtor, claimed by whoever holds the units.
contract ReceivableToken is ReceivableUnits, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for ICashToken;

    bytes32 private constant ACCEPTANCE_TYPE = keccak256(
        "Acceptance(uint256 id,uint256 faceValue,uint256 quantity,uint256 dueDate,bool waiveSetOff,address signer,uint256 deadline)"
    );
    /// @dev Five years: no trade credit is longer, and a slip in the year is caught.
    uint256 private constant MOST_TENOR_DAYS = 1826;

    constructor(IParticipantRegistry registry, address authority)
        ReceivableUnits(registry)
        AccessManaged(authority)
        EIP712("Portolan ReceivableToken", "1")
    {}

    // Registration

    /// @inheritdoc IReceivableToken
    function register(RegisterTerms calldata terms) external {
        OrganisationId supplier = _registry.requireRole(msg.sender, Roles.SUPPLIER).organisation;
        _requireFree(terms.id);
        _requireTermsInRange(terms);
        uint8 currency = _indexOf(terms.currency);
        OrganisationId debtor = _registry.requireRole(terms.debtor, Roles.DEBTOR).organisation;
        require(!(debtor == supplier), DebtorIsSupplier(terms.id, supplier));
        // The casts are safe: _requireTermsInRange bounds each of them by its type.
        _receivables[terms.id] = Receivable({
            faceValue: uint56(terms.faceValue),
            paid: 0,
            quantity: uint48(terms.quantity),
            dueDate: uint16(terms.dueDate),
            supplier: supplier,
            debtor: debtor,
            currency: currency,
            custodian: 0,
            state: State.Registered,
            setOffWaived: false
        });
        emit ReceivableRegistered(
            terms.id, supplier, debtor, terms.currency, terms.faceValue, terms.quantity, terms.dueDate
        );
        _mint(msg.sender, ReceivableId.unwrap(terms.id), terms.faceValue, "");
    }

    /// @inheritdoc IReceivableToken
    function cancel(ReceivableId id) external {
        Receivable storage its = _receivables[id];
        _requireState(id, its.state, State.Registered);
        OrganisationId caller = _registry.requireRole(msg.sender, Roles.SUPPLIER).organisation;
        require(caller == its.supplier, NotSupplierOf(id, caller, its.supplier));
        its.state = State.Cancelled;
        emit ReceivableCancelled(id);
        _burn(msg.sender, ReceivableId.unwrap(id), its.faceValue);
    }

    // Acceptance

    /// @inheritdoc IReceivableToken
    function accept(Acceptance calldata acceptance) external {
        _accept(acceptance, msg.sender);
    }

    /// @inheritdoc IReceivableToken
    /// @dev No nonce: an invoice is accepted once in its life, so a signature cannot be used twice.
    function acceptBySignature(
        Acceptance calldata acceptance,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external {
        ReceivableId id = acceptance.id;
        require(block.timestamp <= deadline, SignatureExpired(id, deadline, block.timestamp));
        bytes32 digest = acceptanceDigest(acceptance, signer, deadline);
        bool signed = SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature);
        require(signed, SignatureInvalid(id, signer));
        _accept(acceptance, signer);
    }

    // Payment

    /// @inheritdoc IReceivableToken
    /// @dev The custodian is told after everything is recorded and with the lock open, because it claims in its turn.
    function pay(ReceivableId id, uint256 amount) external {
        _collect(id, amount);
        uint8 custodian = _receivables[id].custodian;
        if (custodian == 0) return;
        address told = _custodianAt[custodian];
        bool taken = Hints.tell(told, abi.encodeCall(IProceedsReceiver.onProceeds, (ReceivableId.unwrap(id))));
        if (!taken) emit ProceedsHintFailed(id, told);
    }

    /// @inheritdoc IReceivableToken
    function claim(ReceivableId id) external nonReentrant returns (uint256 amount) {
        Receivable storage its = _receivables[id];
        uint56 paid = its.paid;
        uint256 tokenId = ReceivableId.unwrap(id);
        uint256 balance = balanceOf(msg.sender, tokenId);
        require(_syncedPaid[id][msg.sender] != paid && balance != 0, NothingToClaim(id, msg.sender));
        amount = _shareDown(id, msg.sender, paid);
        // One who keeps no units has no share to measure: whenever it receives some, it starts from that moment.
        _syncedPaid[id][msg.sender] = amount == balance ? 0 : paid;
        if (amount == 0) return 0;
        emit ProceedsClaimed(id, msg.sender, amount);
        _burn(msg.sender, tokenId, amount);
        _cashAt[its.currency].safeTransfer(msg.sender, amount);
    }

    // Views

    /// @inheritdoc IReceivableToken
    function receivable(ReceivableId id) external view returns (Receivable memory) {
        return _receivables[id];
    }

    /// @inheritdoc IReceivableToken
    function outstanding(ReceivableId id) external view returns (uint256) {
        Receivable storage its = _receivables[id];
        return its.state == State.Cancelled ? 0 : its.faceValue - its.paid;
    }

    /// @inheritdoc IReceivableToken
    function cashOf(ReceivableId id) external view returns (ICashToken) {
        require(_receivables[id].state != State.None, ReceivableUnknown(id));
        return _cashAt[_receivables[id].currency];
    }

    /// @inheritdoc IReceivableToken
    function acceptanceDigest(Acceptance calldata acceptance, address signer, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        // The acceptance's fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE_TYPE, acceptance, signer, deadline)));
    }

    // Internals

    function _accept(Acceptance calldata acceptance, address by) private {
        ReceivableId id = acceptance.id;
        Receivable storage its = _receivables[id];
        _requireState(id, its.state, State.Registered);
        OrganisationId caller = _registry.requireRole(by, Roles.DEBTOR).organisation;
        require(caller == its.debtor, NotDebtorOf(id, caller, its.debtor));
        _requireSameTerms(acceptance, its);
        its.state = State.Accepted;
        its.setOffWaived = acceptance.waiveSetOff;
        emit ReceivableAccepted(id, by, acceptance.waiveSetOff);
    }

    /// @dev Locked against a cash token that would call back; the listed ones do not.
    function _collect(ReceivableId id, uint256 amount) private nonReentrant {
        Receivable storage its = _receivables[id];
        _requireState(id, its.state, State.Accepted);
        uint256 owed = its.faceValue - its.paid;
        require(amount != 0, PaymentZero(id));
        require(amount <= owed, PaymentExceedsOutstanding(id, amount, owed));
        // Safe: the amount is at most what is outstanding of a 56-bit face value.
        its.paid += uint56(amount);
        if (amount == owed) its.state = State.Settled;
        emit ReceivablePaid(id, msg.sender, amount, owed - amount);
        if (amount == owed) emit ReceivableSettled(id);
        _cashAt[its.currency].safeTransferFrom(msg.sender, address(this), amount);
    }

    function _requireState(ReceivableId id, State state, State needed) private pure {
        require(state == needed, ReceivableStateWrong(id, state, needed));
    }

    function _requireFree(ReceivableId id) private view {
        require(ReceivableId.unwrap(id) != 0, ReceivableIdZero());
        State state = _receivables[id].state;
        require(state == State.None, ReceivableExists(id, state));
    }

    function _requireTermsInRange(RegisterTerms calldata terms) private view {
        uint256 today = block.timestamp / 1 days;
        uint256 latest = today + MOST_TENOR_DAYS;
        bool faceFits = terms.faceValue != 0 && terms.faceValue <= type(uint56).max;
        bool quantityFits = terms.quantity <= type(uint48).max;
        bool dueFits = terms.dueDate >= today && terms.dueDate <= latest && terms.dueDate <= type(uint16).max;
        require(faceFits, FaceValueOutOfRange(terms.id, terms.faceValue, type(uint56).max));
        require(quantityFits, QuantityOutOfRange(terms.id, terms.quantity, type(uint48).max));
        require(dueFits, DueDateOutOfRange(terms.id, terms.dueDate, today, latest));
    }

    function _requireSameTerms(Acceptance calldata said, Receivable storage its) private view {
        bool same = said.faceValue == its.faceValue && said.quantity == its.quantity && said.dueDate == its.dueDate;
        require(
            same,
            AcceptanceDiffers(
                said.id, said.faceValue, its.faceValue, said.quantity, its.quantity, said.dueDate, its.dueDate
            )
        );
    }
}
