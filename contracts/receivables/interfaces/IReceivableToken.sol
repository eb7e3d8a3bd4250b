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

    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    event CustodianListed(uint8 indexed index, address custodian);
    event ReceivableRegistered(
        ReceivableId indexed id,
        OrganisationId indexed supplier,
        OrganisationId indexed debtor,
        bytes3 currency,
        uint256 faceValue,
        uint256 quantity,
        uint256 dueDate
    );
    event ReceivableAccepted(ReceivableId indexed id, address indexed by, bool setOffWaived);
    event ReceivablePaid(ReceivableId indexed id, address indexed payer, uint256 amount, uint256 outstanding);
    event ReceivableSettled(ReceivableId indexed id);
    event ReceivableCancelled(ReceivableId indexed id);
    event ProceedsClaimed(ReceivableId indexed id, address indexed holder, uint256 amount);
    /// @notice The custodian did not take the hint; anyone may poke it.
    event ProceedsHintFailed(ReceivableId indexed id, address indexed custodian);

    error CurrencyUnlisted(bytes3 currency);
    error CurrencyAlreadyListed(bytes3 currency);
    error CustodianAlreadyListed(address custodian);
    error CustodianHasNoCode(address custodian);
    error ReceivableIdZero();
    error ReceivableUnknown(ReceivableId id);
    error ReceivableExists(ReceivableId id, State state);
    error ReceivableStateWrong(ReceivableId id, State state, State needed);
    error FaceValueOutOfRange(ReceivableId id, uint256 faceValue, uint256 most);
    error QuantityOutOfRange(ReceivableId id, uint256 quantity, uint256 most);
    error DueDateOutOfRange(ReceivableId id, uint256 dueDate, uint256 earliest, uint256 latest);
    error DebtorIsSupplier(ReceivableId id, OrganisationId organisation);
    error NotDebtorOf(ReceivableId id, OrganisationId caller, OrganisationId debtor);
    error NotSupplierOf(ReceivableId id, OrganisationId caller, OrganisationId supplier);
    error AcceptanceDiffers(
        ReceivableId id,
        uint256 faceValue,
        uint256 registeredFaceValue,
        uint256 quantity,
        uint256 registeredQuantity,
        uint256 dueDate,
        uint256 registeredDueDate
    );
    error SignatureExpired(ReceivableId id, uint256 deadline, uint256 now_);
    error SignatureInvalid(ReceivableId id, address signer);
    error NotTransferable(ReceivableId id, State state, State needed);
    error AlreadyEncumbered(ReceivableId id, uint8 custodian);
    /// @notice A holder must take what has been paid on its units before it moves or receives units.
    error ClaimBeforeTransfer(ReceivableId id, address holder, uint256 syncedPaid, uint256 paid);
    error PaymentZero(ReceivableId id);
    error PaymentExceedsOutstanding(ReceivableId id, uint256 amount, uint256 outstanding);
    error NothingToClaim(ReceivableId id, address holder);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Lists a contract that may hold units as collateral and is told of payments. Governor only, before it
    /// holds any. It must refuse units that it did not ask for, or a holder of a part could encumber the whole.
    function listCustodian(address custodian) external returns (uint8 index);

    /// @notice Registers an invoice and mints its face value to the caller, who must be a supplier.
    function register(RegisterTerms calldata terms) external;

    /// @notice Accepts as the debtor.
    function accept(Acceptance calldata acceptance) external;

    /// @notice Accepts by the debtor's EIP-712 signature (ERC-1271 for contracts), relayed by anyone.
    /// @param deadline last moment (Unix seconds) at which the signature counts
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

    function receivable(ReceivableId id) external view returns (Receivable memory);
    /// @return minor units that are still owed
    function outstanding(ReceivableId id) external view returns (uint256);
    /// @return minor units that the holder could claim now
    function claimable(ReceivableId id, address holder) external view returns (uint256);
    function cashOf(ReceivableId id) external view returns (ICashToken);
    function cashFor(bytes3 currency) external view returns (ICashToken);
    /// @return zero for an index that is not listed
    function custodianAt(uint8 index) external view returns (address);
    /// @return what `paid` was when the holder last took its share, or received its first units
    function syncedPaid(ReceivableId id, address holder) external view returns (uint256);
    function acceptanceDigest(Acceptance calldata acceptance, address signer, uint256 deadline)
        external
        view
        returns (bytes32);
}
