// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {OrganisationId, ReceivableId} from "../../types/Ids.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title Invoices as ERC-1155 tokens. The id is the invoice's keyed fingerprint, so one invoice exists once; a unit is
/// one minor unit of face value, so a part of an invoice is a transfer of units.
interface IReceivableToken is IERC1155 {
    enum State {
        None,
        Registered,
        Accepted,
        Settled,
        Defaulted,
        Cancelled
    }

    /// @notice Everything the network knows of an invoice, in one storage slot.
    /// @param faceValue minor units of the currency
    /// @param paid minor units received from payers so far
    /// @param quantity goods invoiced, in thousandths of the invoice's unit; 0 where it cannot be measured in one unit
    /// @param dueDate days since 1970-01-01; due at the end of that day, UTC
    /// @param currency index of the cash token
    /// @param custodian index of the custodian that holds units as collateral; 0 for none
    /// @param setOffWaived the debtor will not set claims of its own against this debt
    struct Receivable {
        uint56 faceValue;
        uint56 paid;
        uint48 quantity;
        uint16 dueDate;
        OrganisationId supplier;
        OrganisationId debtor;
        uint8 currency;
        uint8 custodian;
        State state;
        bool setOffWaived;
    }

    /// @param debtor any account of the debtor's organisation
    /// @param currency ISO 4217 alphabetic code of a listed cash token
    struct RegisterTerms {
        ReceivableId id;
        address debtor;
        bytes3 currency;
        uint256 faceValue;
        uint256 quantity;
        uint256 dueDate;
    }

    /// @notice What the debtor agrees to. Repeats the terms, so that it cannot accept something else by mistake.
    struct Acceptance {
        ReceivableId id;
        uint256 faceValue;
        uint256 quantity;
        uint256 dueDate;
        bool waiveSetOff;
    }

    /// @notice Invoices may be registered in this currency from now on.
    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    /// @notice The contract may hold units as collateral from now on.
    event CustodianListed(uint8 indexed index, address custodian);
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
    /// @notice The debtor agreed to the terms.
    /// @param by account of the debtor that did, or whose signature did
    event ReceivableAccepted(ReceivableId indexed id, address indexed by, bool setOffWaived);
    /// @notice Money came in on an invoice.
    /// @param amount minor units
    /// @param outstanding minor units still owed after it
    event ReceivablePaid(ReceivableId indexed id, address indexed payer, uint256 amount, uint256 outstanding);
    /// @notice The whole face value has been paid.
    event ReceivableSettled(ReceivableId indexed id);
    /// @notice The supplier withdrew the invoice; its fingerprint is spent for good.
    event ReceivableCancelled(ReceivableId indexed id);
    /// @notice A holder took its share of what was paid, and as many units were burned.
    /// @param amount minor units
    event ProceedsClaimed(ReceivableId indexed id, address indexed holder, uint256 amount);
    /// @notice The custodian did not take the hint; anyone may poke it.
    event ProceedsHintFailed(ReceivableId indexed id, address indexed custodian);

    /// @notice No cash token is listed for this currency.
    error CurrencyUnlisted(bytes3 currency);
    /// @notice A cash token is already listed for this currency.
    error CurrencyAlreadyListed(bytes3 currency);
    /// @notice The custodian is already listed.
    error CustodianAlreadyListed(address custodian);
    /// @notice There is no contract at the address to be listed.
    error CustodianHasNoCode(address custodian);
    /// @notice The invoice's fingerprint is zero.
    error ReceivableIdZero();
    /// @notice No invoice has this fingerprint.
    error ReceivableUnknown(ReceivableId id);
    /// @notice The invoice is already registered and is in `state`; a cancelled one counts.
    error ReceivableExists(ReceivableId id, State state);
    /// @notice The invoice is not in the state that the call needs.
    error ReceivableStateWrong(ReceivableId id, State state, State needed);
    /// @notice The face value is zero or above the most that can be booked; both in minor units.
    error FaceValueOutOfRange(ReceivableId id, uint256 faceValue, uint256 most);
    /// @notice The quantity is above the most that can be booked; both in thousandths.
    error QuantityOutOfRange(ReceivableId id, uint256 quantity, uint256 most);
    /// @notice The due date lies before today or too far ahead; all in days since 1970-01-01.
    error DueDateOutOfRange(ReceivableId id, uint256 dueDate, uint256 earliest, uint256 latest);
    /// @notice Supplier and debtor are the same organisation.
    error DebtorIsSupplier(ReceivableId id, OrganisationId organisation);
    /// @notice The accepting account's organisation is not the invoice's debtor.
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
    /// @notice Units move between holders only while the invoice is in the state `needed`.
    error NotTransferable(ReceivableId id, State state, State needed);
    /// @notice Another custodian (its index) already holds units as collateral.
    error AlreadyEncumbered(ReceivableId id, uint8 custodian);
    /// @notice A holder must take what has been paid on its units before it moves or receives units.
    /// @param syncedPaid minor units that had been paid when the holder last took its share
    /// @param paid minor units paid until now
    error ClaimBeforeTransfer(ReceivableId id, address holder, uint256 syncedPaid, uint256 paid);
    /// @notice The payment is of nothing.
    error PaymentZero(ReceivableId id);
    /// @notice The payment is above what is still owed; both in minor units.
    error PaymentExceedsOutstanding(ReceivableId id, uint256 amount, uint256 outstanding);
    /// @notice The holder has no units, or nothing was paid since it last took its share.
    error NothingToClaim(ReceivableId id, address holder);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    /// @return index its number in `Receivable.currency`, from 1
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Lists a contract that may hold units as collateral and is told of payments. Governor only, before it
    /// holds any. It must refuse units that it did not ask for, or a holder of a part could encumber the whole.
    /// @return index its number in `Receivable.custodian`, from 1
    function listCustodian(address custodian) external returns (uint8 index);

    /// @notice Registers an invoice and mints its face value to the caller, who must be a supplier. The debtor must be
    /// one, of another organisation, and the due date today or later.
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

    /// @notice Withdraws an invoice that nobody has accepted; its fingerprint is spent for good. Only the account that
    /// registered it, whose units are burned.
    function cancel(ReceivableId id) external;

    /// @notice Pays on an invoice; anyone may. Takes cash by allowance; tells the custodian, if there is one. Reverts with
    /// `GasTooLow` where too little gas is left for the custodian to act.
    /// @param amount minor units, at most what is outstanding
    function pay(ReceivableId id, uint256 amount) external;

    /// @notice Takes the caller's share of what has been paid since it last did, rounded down, burning as many units as
    /// minor units are paid out. At full payment the shares are the units, so that nothing is ever lost to rounding.
    /// @return amount minor units; 0 where the share is less than one, which only brings the holder up to date
    function claim(ReceivableId id) external returns (uint256 amount);

    /// @return the invoice's record; all zero where there is none
    function receivable(ReceivableId id) external view returns (Receivable memory);
    /// @return minor units that are still owed
    function outstanding(ReceivableId id) external view returns (uint256);
    /// @return minor units that the holder could claim now
    function claimable(ReceivableId id, address holder) external view returns (uint256);
    /// @return token that the invoice is paid in; reverts where there is no such invoice
    function cashOf(ReceivableId id) external view returns (ICashToken);
    /// @return token listed for an ISO 4217 code; reverts where there is none
    function cashFor(bytes3 currency) external view returns (ICashToken);
    /// @return zero for an index that is not listed
    function custodianAt(uint8 index) external view returns (address);
    /// @return what `paid` was when the holder last took its share, or received its first units
    function syncedPaid(ReceivableId id, address holder) external view returns (uint256);
    /// @param deadline last moment (Unix seconds) at which the signature counts
    /// @return the EIP-712 digest that the debtor signs
    function acceptanceDigest(Acceptance calldata acceptance, address signer, uint256 deadline)
        external
        view
        returns (bytes32);
}
