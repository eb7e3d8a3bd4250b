// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {GroupId, OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {PaymentIntake} from "./PaymentIntake.sol";
import {ReceivableBook} from "./ReceivableBook.sol";
import {ReceivableParts} from "./ReceivableParts.sol";
import {ReceivableViews} from "./ReceivableViews.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The registry's look-up, for who needs the organisation and its group: the record that it answers starts with
/// them.
interface IGroupLookup {
    /// @notice As in `IParticipantRegistry`.
    function requireRole(address account, uint32 anyOfRoles) external view returns (OrganisationId, GroupId);
}

/// @title Invoices: registered by the supplier, accepted and paid by the debtor, claimed by whoever holds the units.
contract ReceivableToken is PaymentIntake, ReceivableViews, ReceivableParts {
    using SafeERC20 for ICashToken;

    /// @param rules what circulation starts with; the governor may change it
    /// @param offices a `ReceivableOffices`, for this registry
    /// @param workouts a `ReceivableWorkouts`, for this registry
    constructor(
        IParticipantRegistry registry,
        CirculationRules memory rules,
        address offices,
        address workouts,
        address authority
    ) ReceivableBook(registry, authority) ReceivableParts(offices, workouts) {
        _setRules(rules);
    }

    // Holder

    /// @inheritdoc ERC1155
    /// @dev The offices' code, which is an ERC-1155 too: several invoices at once seldom move.
    function safeBatchTransferFrom(address, address, uint256[] memory, uint256[] memory, bytes memory)
        public
        override(ERC1155, IERC1155)
    {
        _run(_offices);
    }

    // Registration and acceptance

    /// @inheritdoc IReceivableToken
    function register(RegisterTerms calldata terms) external {
        RulesInForce memory rules = _rules;
        _requireRunning(Stoppable.Registration);
        (OrganisationId supplier, GroupId group) = _memberOf(msg.sender, Roles.SUPPLIER);
        _requireFree(terms.id);
        _requireTermsInRange(terms, rules.mostTenorDays);
        uint256 tenor = terms.dueDate - block.timestamp / 1 days;
        bool justified = tenor <= rules.ordinaryTenorDays || terms.justification != 0;
        require(justified, JustificationMissing(terms.id, tenor, rules.ordinaryTenorDays));
        uint8 currency = _indexOf(terms.currency);
        OrganisationId debtor = _debtorOutside(group, terms);

        _record(terms, supplier, debtor, currency);
        emit ReceivableRegistered(
            terms.id, supplier, debtor, terms.currency, terms.faceValue, terms.quantity, terms.dueDate
        );
        if (tenor > rules.ordinaryTenorDays) emit LongTenorJustified(terms.id, tenor, terms.justification);
        uint256 tokenId = ReceivableId.unwrap(terms.id);
        emit TransferSingle(msg.sender, address(0), msg.sender, tokenId, terms.faceValue);
        ERC1155Utils.checkOnERC1155Received(msg.sender, address(0), msg.sender, tokenId, terms.faceValue, "");
    }

    /// @inheritdoc IReceivableToken
    function accept(Acceptance calldata acceptance) external {
        _accept(acceptance, msg.sender);
    }

    // Payment

    /// @inheritdoc IReceivableToken
    function pay(ReceivableId id, uint256 amount) external returns (uint256 taken) {
        return _pay(id, amount);
    }

    /// @inheritdoc IReceivableToken
    function claim(ReceivableId id) external nonReentrant returns (uint256 amount) {
        Receivable memory its = _recordOf(id);
        Holding storage held = _holdings[id][msg.sender];
        uint56 units = held.units;
        uint56 level = held.syncedPaid;
        uint56 aside = held.setAside;
        // Safe: a share is at most the holder's units.
        uint56 share = uint56(_shareDown(id, its, units, level));
        amount = uint256(share) + aside;
        require(amount != 0 || (units != 0 && level != its.paid), NothingToClaim(id, msg.sender));
        (held.units, held.syncedPaid) = (units - share, its.paid);
        if (aside != 0) held.setAside = 0;
        if (amount == 0) return 0;
        _endCustody(id, its.custodian, msg.sender, units - share);
        emit ProceedsClaimed(id, msg.sender, amount);
        if (share != 0) emit TransferSingle(msg.sender, msg.sender, address(0), ReceivableId.unwrap(id), share);
        _cashAt[its.currency].safeTransfer(msg.sender, amount);
    }

    // Internals

    /// @dev A group could accept its own invoices, and so lend itself what an acceptance is worth.
    function _debtorOutside(GroupId group, RegisterTerms calldata terms) private view returns (OrganisationId debtor) {
        GroupId itsGroup;
        (debtor, itsGroup) = _memberOf(terms.debtor, Roles.DEBTOR);
        require(!(itsGroup == group), DebtorIsSupplier(terms.id, debtor));
    }

    function _memberOf(address account, uint32 anyOfRoles) private view returns (OrganisationId, GroupId) {
        return IGroupLookup(address(_registry)).requireRole(account, anyOfRoles);
    }

    function _record(RegisterTerms calldata terms, OrganisationId supplier, OrganisationId debtor, uint8 currency)
        private
    {
        // The casts are safe: _requireTermsInRange bounds each of them by its type.
        _receivables[terms.id] = Receivable({
            faceValue: uint56(terms.faceValue),
            paid: 0,
            quantity: uint40(terms.quantity),
            dueDate: uint16(terms.dueDate),
            supplier: supplier,
            debtor: debtor,
            currency: currency,
            custodian: 0,
            state: State.Registered,
            setOffWaived: false,
            transfers: 0
        });
        Holding storage held = _holdings[terms.id][msg.sender];
        (held.units, held.tier) = (uint56(terms.faceValue), 1);
    }

    function _requireFree(ReceivableId id) private view {
        require(ReceivableId.unwrap(id) != 0, ReceivableIdZero());
        State state = _receivables[id].state;
        require(state == State.None, ReceivableExists(id, state));
    }

    function _requireTermsInRange(RegisterTerms calldata terms, uint256 mostTenorDays) private view {
        uint256 today = block.timestamp / 1 days;
        uint256 latest = today + mostTenorDays;
        bool faceFits = terms.faceValue != 0 && terms.faceValue <= type(uint56).max;
        bool quantityFits = terms.quantity <= type(uint40).max;
        bool dueFits = terms.dueDate >= today && terms.dueDate <= latest && terms.dueDate <= type(uint16).max;
        require(faceFits, FaceValueOutOfRange(terms.id, terms.faceValue, type(uint56).max));
        require(quantityFits, QuantityOutOfRange(terms.id, terms.quantity, type(uint40).max));
        require(dueFits, DueDateOutOfRange(terms.id, terms.dueDate, today, latest));
    }
}
