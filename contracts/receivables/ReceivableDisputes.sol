// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {BatchCalls} from "../libraries/BatchCalls.sol";
import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {IReceivableDisputes} from "./interfaces/IReceivableDisputes.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Credit notes and disputes. The token keeps the amounts; this contract knows who may say what, and when.
/// @dev In every function the dispute is recorded before the dilution, because that tells the custodian, who shall find
/// everything as it stays.
contract ReceivableDisputes is AccessManaged, BatchCalls, IReceivableDisputes {
    /// @dev Each costs holders that have not claimed for long a little gas, so that a supplier may not make thousands.
    uint256 private constant MOST_DILUTIONS = 32;

    IReceivableToken public immutable token;
    IParticipantRegistry private immutable _registry;

    constructor(IReceivableToken token_, IParticipantRegistry registry, address authority) AccessManaged(authority) {
        bool known = address(token_) != address(0) && address(registry) != address(0);
        require(known, DependencyZero());
        token = token_;
        _registry = registry;
    }

    // Supplier

    /// @inheritdoc IReceivableDisputes
    function creditNote(ReceivableId id, uint256 amount, bytes32 evidence) external {
        _requireSupplier(id);
        _requireDilutable(id, evidence);
        uint256 outstanding = token.outstanding(id);
        require(amount != 0 && amount <= outstanding, DisputeAmountOutOfRange(id, amount, outstanding));
        emit CreditNoteIssued(id, amount, evidence);
        token.dilute(id, amount);
    }

    /// @inheritdoc IReceivableDisputes
    function concede(ReceivableId id, uint256 amount, bytes32 evidence) external {
        _requireSupplier(id);
        _requireDilutable(id, evidence);
        uint256 disputed = _disputedOf(id);
        require(amount != 0 && amount <= disputed, DisputeAmountOutOfRange(id, amount, disputed));
        emit DisputeConceded(id, amount, disputed - amount, evidence);
        token.recordDispute(id, disputed - amount);
        token.dilute(id, amount);
    }

    // Debtor

    /// @inheritdoc IReceivableDisputes
    function openDispute(ReceivableId id, uint256 amount, bytes32 evidence) external {
        IReceivableToken.Receivable memory its = _requireDebtor(id);
        require(evidence != 0, EvidenceMissing(id));
        IReceivableToken.State needed = IReceivableToken.State.Accepted;
        require(its.state == needed, IReceivableToken.ReceivableStateWrong(id, its.state, needed));
        require(!its.setOffWaived, SetOffIsWaived(id));
        uint256 before = (uint256(its.dueDate) + 1) * 1 days;
        require(block.timestamp < before, DisputeTooLate(id, block.timestamp, before));
        uint256 most = its.faceValue - its.paid;
        require(amount != 0 && amount <= most, DisputeAmountOutOfRange(id, amount, most));
        emit DisputeOpened(id, amount, evidence);
        token.recordDispute(id, amount);
    }

    /// @inheritdoc IReceivableDisputes
    function withdrawDispute(ReceivableId id) external {
        _requireDebtor(id);
        _disputedOf(id);
        emit DisputeWithdrawn(id);
        token.recordDispute(id, 0);
    }

    // Arbiter

    /// @inheritdoc IReceivableDisputes
    function resolve(ReceivableId id, uint256 diluted, bytes32 evidence) external restricted {
        require(evidence != 0, EvidenceMissing(id));
        uint256 disputed = _disputedOf(id);
        require(diluted <= disputed, DisputeAmountOutOfRange(id, diluted, disputed));
        emit DisputeResolved(id, diluted, disputed - diluted, evidence);
        token.recordDispute(id, 0);
        if (diluted != 0) token.dilute(id, diluted);
    }

    // Internals

    /// @return disputed minor units, not zero
    function _disputedOf(ReceivableId id) private view returns (uint256 disputed) {
        disputed = token.disputedOf(id);
        require(disputed != 0, NoDispute(id));
    }

    function _requireDilutable(ReceivableId id, bytes32 evidence) private view {
        require(evidence != 0, EvidenceMissing(id));
        uint256 dilutions = token.dilutionsOf(id);
        require(dilutions < MOST_DILUTIONS, TooManyDilutions(id, dilutions, MOST_DILUTIONS));
    }

    function _requireSupplier(ReceivableId id) private view {
        OrganisationId caller = _registry.requireRole(msg.sender, Roles.SUPPLIER).organisation;
        OrganisationId supplier = token.receivable(id).supplier;
        require(caller == supplier, IReceivableToken.NotSupplierOf(id, caller, supplier));
    }

    function _requireDebtor(ReceivableId id) private view returns (IReceivableToken.Receivable memory its) {
        OrganisationId caller = _registry.requireRole(msg.sender, Roles.DEBTOR).organisation;
        its = token.receivable(id);
        require(caller == its.debtor, IReceivableToken.NotDebtorOf(id, caller, its.debtor));
    }
}
