// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {OrganisationId, ReceivableId} from "../../types/Ids.sol";
import {ICirculation} from "./ICirculation.sol";

/// @title Invoices as ERC-1155 tokens. The id is the invoice's keyed fingerprint, so one invoice exists once; a unit is
/// one minor unit of face value, so a part of an invoice is a transfer of units.
interface IReceivableToken is ICirculation {
    /// @notice `Disputed`: accepted, but the debtor objects to a part. `Settled`: nothing is owed any more.
    enum State {
        None,
        Registered,
        Accepted,
        Settled,
        Defaulted,
        Cancelled,
        Disputed
    }

    /// @notice Everything the network knows of an invoice, in one storage slot.
    /// @param faceValue minor units of the currency that are owed in all; dilution lowers it
    /// @param paid minor units received from payers so far
    /// @param quantity goods invoiced, in thousandths of the invoice's unit; 0 where it cannot be measured in one unit
    /// @param dueDate days since 1970-01-01; due at the end of that day, UTC
    /// @param currency index of the cash token
    /// @param custodian index of the custodian that holds units as collateral; 0 for none
    /// @param setOffWaived the debtor will not set claims of its own against this debt; only then do units circulate
    /// @param transfers hops that its units have made; 255 stands for all above, too
    struct Receivable {
        uint56 faceValue;
        uint56 paid;
        uint40 quantity;
        uint16 dueDate;
        OrganisationId supplier;
        OrganisationId debtor;
        uint8 currency;
        uint8 custodian;
        State state;
        bool setOffWaived;
        uint8 transfers;
    }

    /// @param debtor any account of the debtor's organisation
    /// @param currency ISO 4217 alphabetic code of a listed cash token
    /// @param justification hash of the document that gives the reason for a tenor above the ordinary; else zero
    struct RegisterTerms {
        ReceivableId id;
        address debtor;
        bytes3 currency;
        uint256 faceValue;
        uint256 quantity;
        uint256 dueDate;
        bytes32 justification;
    }

    /// @notice What the debtor agrees to. Repeats the terms, so that it cannot accept something else by mistake.
    struct Acceptance {
        ReceivableId id;
        uint256 faceValue;
        uint256 quantity;
        uint256 dueDate;
        bool waiveSetOff;
    }

    /// @notice A move that its sender signed for somebody else to relay.
    /// @param units minor units of face value
    /// @param nonce the sender's next, as `nonces` tells
    /// @param deadline last moment (Unix seconds) at which the signature counts
    struct Transfer {
        ReceivableId id;
        address from;
        address to;
        uint256 units;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice An invoice was registered; amounts in minor units, quantity in thousandths.
    /// @param dueDate days since 1970-01-01
    event ReceivableRegistered(
        ReceivableId indexed id,
        OrganisationId indexed supplier,
        OrganisationId indexed debtor,
        bytes3 currency,
        uint256 faceValue,
        uint256 quantity,
        uint256 dueDate
    );
    /// @notice The invoice just registered is due later than the rules' ordinary tenor, for this reason.
    /// @param justification hash of the document that gives it
    event LongTenorJustified(ReceivableId indexed id, uint256 tenorDays, bytes32 justification);
    /// @notice The debtor agreed to the terms.
    /// @param by account of the debtor that did, or whose signature did
    event ReceivableAccepted(ReceivableId indexed id, address indexed by, bool setOffWaived);
    /// @notice Money came in on an invoice.
    /// @param amount minor units
    /// @param outstanding minor units still owed after it
    event ReceivablePaid(ReceivableId indexed id, address indexed payer, uint256 amount, uint256 outstanding);
    /// @notice Nothing is owed any more.
    event ReceivableSettled(ReceivableId indexed id);
    /// @notice The days of grace have passed.
    /// @param outstanding minor units still owed
    event ReceivableDefaulted(ReceivableId indexed id, uint256 outstanding);
    /// @notice The debtor agrees, or no longer agrees, that the accepted invoice may be cancelled.
    /// @param by account of the debtor
    event CancellationConsented(ReceivableId indexed id, address indexed by, bool given);
    /// @notice The supplier withdrew the invoice; its fingerprint is spent for good.
    event ReceivableCancelled(ReceivableId indexed id);
    /// @notice Less is owed than was invoiced, and as many units were burned.
    /// @param amount minor units
    /// @param faceValue minor units that are owed in all from now on
    event ReceivableDiluted(ReceivableId indexed id, uint256 amount, uint256 faceValue);
    /// @notice What the debtor objects to, from now on; minor units, 0 where the dispute is over.
    /// @param state what the invoice's life goes on as
    event DisputeRecorded(ReceivableId indexed id, uint256 disputed, State state);
    /// @notice A holder took its share of what was paid, and as many units were burned, now or when it was set aside.
    /// @param amount minor units
    event ProceedsClaimed(ReceivableId indexed id, address indexed holder, uint256 amount);
    /// @notice The custodian did not take the hint; anyone may poke it.
    event ProceedsHintFailed(ReceivableId indexed id, address indexed custodian);
    /// @notice The contract that handles credit notes and disputes, for good.
    event DisputesSet(address disputes);

    /// @notice The invoice's fingerprint is zero.
    error ReceivableIdZero();
    /// @notice No invoice has this fingerprint.
    error ReceivableUnknown(ReceivableId id);
    /// @notice The invoice is already registered and is in `state`; a cancelled one counts.
    error ReceivableExists(ReceivableId id, State state);
    /// @notice The invoice is not in the state that the call needs; `Accepted` stands for it, disputed and defaulted
    /// where the call allows them.
    error ReceivableStateWrong(ReceivableId id, State state, State needed);
    /// @notice The face value is zero or above the most that can be booked; both in minor units.
    error FaceValueOutOfRange(ReceivableId id, uint256 faceValue, uint256 most);
    /// @notice The quantity is above the most that can be booked; both in thousandths.
    error QuantityOutOfRange(ReceivableId id, uint256 quantity, uint256 most);
    /// @notice The due date lies before today or too far ahead; all in days since 1970-01-01.
    error DueDateOutOfRange(ReceivableId id, uint256 dueDate, uint256 earliest, uint256 latest);
    /// @notice The tenor is above the ordinary and no reason is given; in days.
    error JustificationMissing(ReceivableId id, uint256 tenorDays, uint256 ordinaryTenorDays);
    /// @notice The debtor's organisation, which is named, is the supplier's or of its group.
    error DebtorIsSupplier(ReceivableId id, OrganisationId organisation);
    /// @notice The account's organisation is not the invoice's debtor.
    error NotDebtorOf(ReceivableId id, OrganisationId caller, OrganisationId debtor);
    /// @notice The caller's organisation is not the invoice's supplier.
    error NotSupplierOf(ReceivableId id, OrganisationId caller, OrganisationId supplier);
    /// @notice A term that the debtor repeats is not the registered one; minor units, thousandths, days since
    /// 1970-01-01.
    error AcceptanceDiffers(
        ReceivableId id,
        uint256 faceValue,
        uint256 registeredFaceValue,
        uint256 quantity,
        uint256 registeredQuantity,
        uint256 dueDate,
        uint256 registeredDueDate
    );
    /// @notice The block's time is past the signature's deadline; both in Unix seconds.
    error SignatureExpired(ReceivableId id, uint256 deadline, uint256 now_);
    /// @notice The signature is not the signer's, over these terms and this deadline.
    error SignatureInvalid(ReceivableId id, address signer);
    /// @notice Units move between holders only while the invoice is in the state `needed`; into and out of custody also
    /// while it is disputed or defaulted.
    error NotTransferable(ReceivableId id, State state, State needed);
    /// @notice The payment is of nothing.
    error PaymentZero(ReceivableId id);
    /// @notice The holder has no units and nothing set aside, or nothing was paid since it last took its share.
    error NothingToClaim(ReceivableId id, address holder);
    /// @notice The invoice may be called defaulted only from `from` on; both in Unix seconds.
    error NotOverdue(ReceivableId id, uint256 now_, uint256 from);
    /// @notice The debtor has not agreed to the cancellation.
    error ConsentMissing(ReceivableId id);
    /// @notice An accepted invoice cannot be cancelled once it was paid on, passed on, pledged, or the caller does not
    /// hold all of it free.
    /// @param units minor units that the caller holds and that nobody has reserved
    error NotCancellable(ReceivableId id, uint256 paid, uint256 transfers, uint8 custodian, uint256 units);
    /// @notice The caller is not the contract that handles credit notes and disputes.
    error NotDisputes(address caller);
    /// @notice That contract is set already, or is none.
    error DisputesInvalid(address current, address proposed);
    /// @notice At deployment: there is no contract at the address of a part.
    error PartHasNoCode(address part);
    /// @notice The dilution is above what is still owed; both in minor units.
    error DilutionExceedsOutstanding(ReceivableId id, uint256 amount, uint256 outstanding);
    /// @notice The dilution is above what those hold who absorb it; both in minor units.
    error DilutionExceedsUnits(ReceivableId id, uint256 amount, uint256 units);

    /// @notice Registers an invoice and mints its face value to the caller, who must be a supplier. The debtor must be
    /// one, of another organisation, and the due date today or later and within the rules' tenor.
    function register(RegisterTerms calldata terms) external;

    /// @notice Accepts an invoice, repeating its terms. Any account of the debtor's organisation, which must be a
    /// debtor.
    function accept(Acceptance calldata acceptance) external;

    /// @notice Accepts by the debtor's EIP-712 signature (ERC-1271 for contracts), relayed by anyone.
    /// @param deadline last moment (Unix seconds) at which the signature counts
    /// @param signer account of the debtor's organisation
    function acceptBySignature(
        Acceptance calldata acceptance,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Moves units by their holder's EIP-712 signature (ERC-1271 for contracts), relayed by anyone. The event
    /// names the sender as the operator: who relayed is nobody's business.
    function transferBySignature(Transfer calldata transfer, bytes calldata signature) external;

    /// @notice Spends the caller's next nonce, so that what it has signed with it no longer counts.
    function voidNextSignature() external;

    /// @notice Withdraws an invoice that nobody has accepted; its fingerprint is spent for good. Only the account that
    /// registered it, whose units are burned.
    function cancel(ReceivableId id) external;

    /// @notice Agrees, or no longer agrees, that the supplier may cancel an accepted invoice. Any account of the debtor.
    function consentToCancellation(ReceivableId id, bool given) external;

    /// @notice Cancels an accepted invoice to whose cancellation the debtor has agreed on chain, as long as nothing was
    /// paid, passed on, pledged or reserved. The account of the supplier that holds all of it.
    function cancelByConsent(ReceivableId id) external;

    /// @notice As `cancelByConsent`, the debtor having agreed by an EIP-712 signature (ERC-1271 for contracts).
    /// @param signer account of the debtor's organisation
    /// @param deadline last moment (Unix seconds) at which the signature counts
    function cancelBySignature(ReceivableId id, address signer, uint256 deadline, bytes calldata signature) external;

    /// @notice Calls an invoice defaulted on which something is owed after the days of grace. Anyone.
    function markDefaulted(ReceivableId id) external;

    /// @notice Pays on an invoice that was accepted, also when disputed or defaulted; anyone may. Takes cash by
    /// allowance, at most what is outstanding; tells the custodian, if there is one. Reverts with `GasTooLow` where too
    /// little gas is left for the custodian to act.
    /// @param amount minor units offered
    /// @return taken minor units taken: the rest has never left the payer
    function pay(ReceivableId id, uint256 amount) external returns (uint256 taken);

    /// @notice As `pay`, with the caller's ERC-2612 permit for `amount`. A permit that somebody has already used does no
    /// harm: the allowance that it gave is there.
    /// @param deadline of the permit, Unix seconds
    function payWithPermit(ReceivableId id, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 taken);

    /// @notice Takes the caller's share of what has been paid since it last did, rounded down, burning as many units as
    /// minor units are paid out, and what was set aside for it before. At full payment the shares are the units, so
    /// that nothing is ever lost to rounding.
    /// @return amount minor units; 0 where the share is less than one, which only brings the holder up to date
    function claim(ReceivableId id) external returns (uint256 amount);

    /// @notice Names the contract that handles credit notes and disputes, once. Governor only.
    function setDisputes(address disputes_) external;

    /// @notice Lowers what is owed and burns as many units: the supplier's own first, then, where the debtor kept its
    /// set-off, those in custody. Shares of those holders are set aside for them first. Tells the custodian. The
    /// contract that handles disputes only, while the invoice is accepted, disputed or defaulted.
    /// @param amount minor units, at most what is outstanding
    function dilute(ReceivableId id, uint256 amount) external;

    /// @notice Records what the debtor objects to: from accepted to disputed, or less of it than before; 0 ends the
    /// dispute, and the invoice goes on as accepted or, once the days of grace have passed, as defaulted. The contract
    /// that handles disputes only.
    /// @param disputed minor units
    function recordDispute(ReceivableId id, uint256 disputed) external;

    /// @return the invoice's record; all zero where there is none
    function receivable(ReceivableId id) external view returns (Receivable memory);
    /// @return minor units that are still owed
    function outstanding(ReceivableId id) external view returns (uint256);
    /// @return minor units that the debtor objects to, at most what is outstanding; 0 where no dispute is open. A
    /// dispute stays open when the invoice defaults.
    function disputedOf(ReceivableId id) external view returns (uint256);
    /// @notice What is owed, for contracts that lend on it.
    /// @return state where the invoice is in its life
    /// @return dueDate days since 1970-01-01
    /// @return quantity goods invoiced, thousandths; 0 where it cannot be measured in one unit
    /// @return owed minor units that are still owed; also those that a cancelled one would have been
    /// @return disputed as `disputedOf`
    function debtOf(ReceivableId id)
        external
        view
        returns (State state, uint256 dueDate, uint256 quantity, uint256 owed, uint256 disputed);
    /// @notice What a holder has, in one call for who finances the invoice.
    /// @return units minor units of face value that the holder has, with those behind `claimable_`: after it claims,
    /// `units - claimable_` are left, its part of what is outstanding
    /// @return claimable_ minor units that it could claim now
    function position(ReceivableId id, address holder) external view returns (uint256 units, uint256 claimable_);
    /// @return how many dilutions followed a payment; each makes a claim from before it a little dearer
    function dilutionsOf(ReceivableId id) external view returns (uint256);
    /// @return token that the invoice is paid in; reverts where there is no such invoice
    function cashOf(ReceivableId id) external view returns (ICashToken);
    /// @return the contract that handles credit notes and disputes; zero before it is set
    function disputes() external view returns (address);
    /// @param deadline last moment (Unix seconds) at which the signature counts
    /// @return the EIP-712 digest that the debtor signs
    function acceptanceDigest(Acceptance calldata acceptance, address signer, uint256 deadline)
        external
        view
        returns (bytes32);
    /// @return the EIP-712 digest that the sender signs
    function transferDigest(Transfer calldata transfer) external view returns (bytes32);
    /// @param deadline last moment (Unix seconds) at which the signature counts
    /// @return the EIP-712 digest that the debtor signs
    function cancellationDigest(ReceivableId id, address signer, uint256 deadline) external view returns (bytes32);
}
