// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceivableId} from "../../types/Ids.sol";

/// @title What lowers an invoice after its acceptance: credit notes, short deliveries, disputes.
/// @dev Evidence is the hash of a document that the parties keep (a credit note, a receipt advice, an award). Whoever
/// absorbs a dilution is decided by the token, never by a party.
interface IReceivableDisputes {
    /// @notice The supplier lowered its invoice.
    /// @param amount minor units
    event CreditNoteIssued(ReceivableId indexed id, uint256 amount, bytes32 evidence);
    /// @notice The debtor objects to a part of the invoice.
    /// @param amount minor units
    event DisputeOpened(ReceivableId indexed id, uint256 amount, bytes32 evidence);
    /// @notice The debtor no longer objects.
    event DisputeWithdrawn(ReceivableId indexed id);
    /// @notice The supplier gave in.
    /// @param amount minor units by which the invoice was lowered
    /// @param left minor units that stay in dispute
    event DisputeConceded(ReceivableId indexed id, uint256 amount, uint256 left, bytes32 evidence);
    /// @notice The arbiter decided; the dispute is over.
    /// @param diluted minor units by which the invoice was lowered
    /// @param upheld minor units of the disputed that stay owed
    event DisputeResolved(ReceivableId indexed id, uint256 diluted, uint256 upheld, bytes32 evidence);

    /// @notice The hash of the evidence is zero.
    error EvidenceMissing(ReceivableId id);
    /// @notice The amount is zero or above the most; both in minor units.
    error DisputeAmountOutOfRange(ReceivableId id, uint256 amount, uint256 most);
    /// @notice The debtor has waived its set-off: what it claims from the supplier is no matter of this paper's.
    error SetOffIsWaived(ReceivableId id);
    /// @notice The invoice is due: a dispute may be opened only before `before`; both in Unix seconds.
    error DisputeTooLate(ReceivableId id, uint256 now_, uint256 before);
    /// @notice No dispute is open on the invoice.
    error NoDispute(ReceivableId id);
    /// @notice The invoice was lowered after a payment as often as it can be, but for the arbiter.
    error TooManyDilutions(ReceivableId id, uint256 dilutions, uint256 most);
    /// @notice At deployment: there is no token or registry to ask.
    error DependencyZero();

    /// @notice Lowers an accepted invoice, disputed and defaulted ones too. Any account of the supplier, whose units are
    /// burned, and then, where the debtor kept its set-off, those in custody.
    /// @param amount minor units, at most what is outstanding
    /// @param evidence hash of the credit note
    function creditNote(ReceivableId id, uint256 amount, bytes32 evidence) external;

    /// @notice Objects to a part of an accepted invoice: a short or faulty delivery. Any account of the debtor, before
    /// the invoice is due, and only where it kept its set-off. One dispute at a time. Payments go on.
    /// @param amount minor units, at most what is outstanding
    /// @param evidence hash of the receipt advice or whatever shows it
    function openDispute(ReceivableId id, uint256 amount, bytes32 evidence) external;

    /// @notice Ends the debtor's own dispute: everything stays owed. Any account of the debtor.
    function withdrawDispute(ReceivableId id) external;

    /// @notice Gives in to the debtor for a part or the whole; what is left stays in dispute. Any account of the
    /// supplier.
    /// @param amount minor units, at most what is in dispute
    function concede(ReceivableId id, uint256 amount, bytes32 evidence) external;

    /// @notice Decides the dispute: a part is diluted, the rest stands. Arbiter only.
    /// @param diluted minor units, 0 to what is in dispute
    /// @param evidence hash of the award
    function resolve(ReceivableId id, uint256 diluted, bytes32 evidence) external;
}
