// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParkedPayouts} from "../../libraries/ParkedPayouts.sol";
import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {IMilestoneConsumer} from "../../oracle/interfaces/IMilestoneConsumer.sol";
import {GroupId, LotId, OrderId, OrganisationId} from "../../types/Ids.sol";

/// @title Purchase orders that both sides have signed up to, and the road their money takes. It is held here until
/// attested facts have earned it, and then goes to the assignee of the proceeds (a financing) before it goes to the
/// seller; what is not earned in time goes back, to the assignee of the refunds before it goes to who funded it.
/// @dev Of an order, `value = paid + invoiced + waived + outstanding` and `outstanding = held + unfunded`, always; and
/// what was funded is held, paid out or given back.
interface IOrderEscrow is IParkedPayouts, IMilestoneConsumer {
    /// @notice `Settled`: nothing is to be paid here any more. `Disputed`: nothing is paid out or back until that ends.
    /// `Lapsed`: not delivered in time; what was not earned goes back. `Closed`: ended by a split of what was held.
    enum State {
        None,
        Registered,
        Accepted,
        Settled,
        Cancelled,
        Disputed,
        Lapsed,
        Closed
    }

    /// @param item keyed hash of what is ordered (HMAC-SHA256 under the network's key); nonzero
    /// @param unit code of UN/CEFACT Recommendation 20, e.g. "KGM", left-aligned
    /// @param quantity thousandths of the unit; 0 where it cannot be measured
    /// @param value minor units of the order's currency
    struct Line {
        bytes32 item;
        bytes3 unit;
        uint256 quantity;
        uint256 value;
    }

    /// @param milestone one of `Milestones`; ACCEPTED is reached by the buyer's acceptance
    /// @param shareBps share of the order's value that is earned in all once it is reached; 4000 = 40 %
    /// @param measured earned only in the proportion attested (quantity attested / quantity ordered)
    struct Payout {
        uint32 milestone;
        uint16 shareBps;
        bool measured;
    }

    /// @param buyer account of a debtor; what goes back to its organisation goes to the account that accepts
    /// @param currency ISO 4217 alphabetic code of a listed cash token
    /// @param subject the order's consignment, opened by the seller's group: its facts earn the money
    /// @param deliverBy days since 1970-01-01
    /// @param graceDays days after `deliverBy` from whose end on what is not earned may be given back; at most 255
    /// @param deposit minor units that the buyer puts in with its acceptance, at most the order's value
    /// @param overBps how much more than ordered may be delivered and invoiced; of the quantity ordered
    /// @param underBps how much less than ordered still counts as all of it; of the quantity ordered
    /// @param lines 1 to 16; their values sum to the order's, and their quantities where they share one unit
    /// @param payouts 1 to 4, in the order in which they are reached, the last earns 10000
    struct OrderTerms {
        OrderId id;
        address buyer;
        bytes3 currency;
        bytes32 subject;
        uint256 deliverBy;
        uint256 graceDays;
        uint256 deposit;
        uint256 overBps;
        uint256 underBps;
        Line[] lines;
        Payout[] payouts;
    }

    /// @notice An order in two storage slots: the first is what a payment changes.
    /// @param value minor units of the currency
    /// @param paid minor units that have gone to the seller's side, straight from a payer or out of the escrow
    /// @param held minor units in escrow that may yet be earned
    /// @param quantity goods ordered, thousandths of their unit; 0 where they cannot be measured in one unit
    /// @param deliverBy days since 1970-01-01
    /// @param currency index of the cash token
    /// @param flags bits: 1 proceeds are assigned, 2 refunds are assigned, 4 the assignee of the proceeds permits
    /// invoices, 8 and 16 the seller and the buyer have had their dispute, 32 the open one is the buyer's, 64 something was
    /// attested of its consignment before it was registered
    /// @param payouts the ladder, packed; `payoutsOf` tells it
    struct Order {
        uint56 value;
        uint56 paid;
        uint56 held;
        uint48 quantity;
        uint16 deliverBy;
        uint8 currency;
        State state;
        uint8 flags;
        uint128 payouts;
        OrganisationId seller;
        OrganisationId buyer;
        uint16 overBps;
        uint16 underBps;
        uint8 graceDays;
        bytes3 unit;
    }

    /// @notice What a payment on a fact has no need of, in one storage slot. Minor units.
    /// @param funded put into escrow since the order was accepted
    /// @param invoiced of the order's value, owed by invoices instead
    /// @param waived of the order's value, not to be paid any more: the order ended before it was earned
    /// @param refunded given back to the buyer's side
    /// @param disputedSince Unix seconds (0 where no dispute is open)
    struct Funds {
        uint56 funded;
        uint56 invoiced;
        uint56 waived;
        uint32 disputedSince;
        uint56 refunded;
    }

    /// @notice Goods in a warehouse that the seller offers to pass on against payment.
    /// @param owner account of the seller's organisation that has them, free
    /// @param quantity thousandths of the lot's unit
    /// @param price minor units out of what is held for the order
    struct Delivery {
        OrderId id;
        address owner;
        LotId lot;
        uint256 quantity;
        uint256 price;
    }

    /// @notice Orders may be registered in this currency from now on.
    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    /// @param listed whether the contract may take the proceeds and refunds of orders
    event AssigneeListed(address indexed assignee, bool listed);
    /// @param listed whether the contract may count invoices
    event MatcherListed(address indexed matcher, bool listed);
    /// @notice An order was registered; value in minor units, quantity in thousandths.
    /// @param deliverBy days since 1970-01-01
    event OrderRegistered(
        OrderId indexed id,
        OrganisationId indexed seller,
        OrganisationId indexed buyer,
        bytes3 currency,
        uint256 value,
        uint256 quantity,
        uint256 deliverBy
    );
    /// @notice The terms in full of the order just registered.
    /// @param termsHash what the buyer repeats
    event OrderDetailed(OrderId indexed id, bytes32 indexed subject, bytes32 termsHash, OrderTerms terms);
    /// @notice The buyer agreed to the terms.
    event OrderAccepted(OrderId indexed id, address indexed by);
    /// @notice The seller withdrew the order; its id is spent for good.
    event OrderCancelled(OrderId indexed id);
    /// @notice What is paid on the order goes to the assignee from now on.
    event ProceedsAssigned(OrderId indexed id, address indexed assignee);
    /// @notice What is paid on the order goes to the seller again.
    event ProceedsReleased(OrderId indexed id, address indexed assignee);
    /// @notice The assignee of the proceeds lets invoices take the place of what is unfunded.
    event InvoicingPermitted(OrderId indexed id, address indexed assignee);
    /// @notice What goes back to the buyer goes to the assignee from now on.
    event RefundsAssigned(OrderId indexed id, address indexed assignee);
    /// @notice What goes back to the buyer goes to its account again.
    event RefundsReleased(OrderId indexed id, address indexed assignee);
    /// @notice Money was put into escrow.
    /// @param beneficiary in whose name: the buyer's account, where its organisation or a contract of the network paid
    /// @param amount minor units
    /// @param held minor units in escrow after it
    event OrderFunded(
        OrderId indexed id, address indexed payer, address indexed beneficiary, uint256 amount, uint256 held
    );
    /// @notice The buyer's money went to the assignee or, where there is none, to the seller.
    /// @param amount minor units
    /// @param outstanding minor units still to be paid after it
    event OrderPaid(
        OrderId indexed id, address indexed payer, address indexed payee, uint256 amount, uint256 outstanding
    );
    /// @notice Money left the escrow for the seller's side.
    /// @param amount minor units
    /// @param held minor units in escrow after it
    event OrderPaidOut(OrderId indexed id, address indexed payee, uint256 amount, uint256 held);
    /// @notice An invoice that the buyer has accepted took the place of a part of the order.
    /// @param amount minor units
    /// @param outstanding minor units still to be paid after it
    event OrderInvoiced(OrderId indexed id, uint256 amount, uint256 outstanding);
    /// @notice Nothing is to be paid on the order any more.
    event OrderSettled(OrderId indexed id);
    /// @notice The order was not delivered in time; what was still to be paid is waived.
    /// @param unearned minor units that go back
    event OrderLapsed(OrderId indexed id, uint256 unearned);
    /// @notice What was held was split, and the order is over.
    /// @param toSeller minor units
    /// @param toFunders minor units
    /// @param evidence hash of the reasons; zero where both sides agreed
    event OrderClosed(OrderId indexed id, uint256 toSeller, uint256 toFunders, bytes32 evidence);
    /// @notice Money went back.
    /// @param beneficiary in whose name it had been put in
    /// @param payee that account, or the assignee of the buyer's refunds
    /// @param amount minor units
    event OrderRefunded(OrderId indexed id, address indexed beneficiary, address indexed payee, uint256 amount);
    /// @notice A side objects; nothing is paid out or back until the dispute ends.
    /// @param evidence hash of what it says and shows
    /// @param until Unix seconds from which anyone may end it
    event OrderDisputed(OrderId indexed id, OrganisationId indexed by, bytes32 evidence, uint256 until);
    /// @notice A dispute is over without a split: withdrawn, or out of time; facts decide again.
    event OrderDisputeEnded(OrderId indexed id, address indexed by);
    /// @notice A side agrees to end the order so; the other's like word ends it.
    /// @param toSeller minor units of what is held
    event SplitAgreed(OrderId indexed id, OrganisationId indexed by, uint256 toSeller);
    /// @notice The seller offers goods in a warehouse against payment, or no longer.
    event DeliveryOffered(OrderId indexed id, LotId indexed lot, bytes32 indexed digest, Delivery delivery, bool open);
    /// @notice Title and payment changed hands at once.
    /// @param quantity thousandths of the lot's unit
    /// @param price minor units
    event GoodsDelivered(
        OrderId indexed id, LotId indexed lot, address indexed to, address owner, uint256 quantity, uint256 price
    );
    /// @notice The assignee has the money but did not take the hint; anyone may poke it.
    event ProceedsHintFailed(OrderId indexed id, address indexed assignee);

    /// @notice The order's id is zero.
    error OrderIdZero();
    /// @notice The order is already registered and is in `state`; a cancelled one counts.
    error OrderExists(OrderId id, State state);
    /// @notice The order is not in the state that the call needs.
    error OrderStateWrong(OrderId id, State state, State needed);
    /// @notice The value is zero or above the most that can be booked; both in minor units.
    error OrderValueOutOfRange(OrderId id, uint256 value, uint256 most);
    /// @notice The quantity is above the most that can be booked; both in thousandths.
    error OrderQuantityOutOfRange(OrderId id, uint256 quantity, uint256 most);
    /// @notice The day of delivery lies before today or after the last that can be booked; all in days since
    /// 1970-01-01.
    error DeliverByOutOfRange(OrderId id, uint256 deliverBy, uint256 earliest, uint256 latest);
    /// @notice There are more days of grace than can be booked.
    error OrderGraceOutOfRange(OrderId id, uint256 graceDays, uint256 most);
    /// @notice The deposit is above the order's value; both in minor units.
    error DepositOutOfRange(OrderId id, uint256 deposit, uint256 value);
    /// @notice A tolerance is above 10000 bps.
    error OrderToleranceOutOfRange(OrderId id, uint256 overBps, uint256 underBps, uint256 most);
    /// @notice There are no lines, or more than `most`.
    error LineCountOutOfRange(OrderId id, uint256 count, uint256 most);
    /// @notice Line `index` (from 0) names no item, or its unit has not the shape of a code.
    error LineInvalid(OrderId id, uint256 index, bytes32 item, bytes3 unit);
    /// @notice At `step` (from 0) milestones or shares do not rise, a share is above 10000 bps or the last is not, or
    /// something is to be measured that cannot be; or it is the count of steps, where that is not 1 to 4.
    error PayoutsInvalid(OrderId id, uint256 step);
    /// @notice A milestone of the payout ladder was attested of the consignment before the order was registered: of goods
    /// that are not its.
    error OrderSubjectHasFacts(OrderId id, bytes32 subject, uint32 milestone);
    /// @notice The consignment is not of the seller's group but of `beneficiary`; zero where it has not been opened.
    error OrderSubjectNotOf(OrderId id, bytes32 subject, GroupId beneficiary, GroupId needed);
    /// @notice The consignment's facts already earn the money of another order.
    error SubjectOfOtherOrder(OrderId id, bytes32 subject, OrderId other);
    /// @notice The buyer's organisation, which is named, is the seller's or of its group.
    error BuyerIsSeller(OrderId id, OrganisationId organisation);
    /// @notice A part of the escrow's code is missing at this address.
    error EscrowPartHasNoCode(address part);
    /// @notice The caller's organisation is not the order's buyer.
    error NotBuyerOf(OrderId id, OrganisationId caller, OrganisationId buyer);
    /// @notice The caller's organisation (or that of the account that it acts for) is not the order's seller.
    error NotSellerOf(OrderId id, OrganisationId caller, OrganisationId seller);
    /// @notice The caller's organisation is neither the order's seller nor its buyer.
    error NotPartyOf(OrderId id, OrganisationId caller);
    /// @notice The terms that the buyer repeats are not the registered ones; hashes of both.
    error AcceptanceDiffers(OrderId id, bytes32 termsHash, bytes32 registered);
    /// @notice The block's time is past the deadline; both in Unix seconds.
    error AcceptanceExpired(OrderId id, uint256 deadline, uint256 now_);
    /// @notice The account has not signed this acceptance.
    error AcceptanceUnsigned(OrderId id, address signer);
    /// @notice The proceeds already go to `assignee`.
    error AlreadyAssigned(OrderId id, address assignee);
    /// @notice The refunds already go to `assignee`.
    error RefundsAlreadyAssigned(OrderId id, address assignee);
    /// @notice The caller is not the contract that takes the proceeds, which is zero where they are the seller's.
    error NotAssigneeOf(OrderId id, address caller, address assignee);
    /// @notice The caller is not the contract that takes the refunds, which is zero where they are the buyer's.
    error NotRefundAssigneeOf(OrderId id, address caller, address assignee);
    /// @notice The calling contract may not take the proceeds of orders.
    error AssigneeUnlisted(address assignee);
    /// @notice The calling contract may not count invoices.
    error MatcherUnlisted(address caller);
    /// @notice The proceeds are assigned and their assignee, which is named, has not permitted invoices.
    error InvoicingNotPermitted(OrderId id, address assignee);
    /// @notice Both sides cannot agree on what is somebody else's: proceeds or refunds are assigned.
    /// @param proceeds assignee of the proceeds; zero for none
    /// @param refunds assignee of the refunds; zero for none
    error SplitNotTheirs(OrderId id, address proceeds, address refunds);
    /// @notice More is to go to the seller than is held; both in minor units.
    error SplitOutOfRange(OrderId id, uint256 toSeller, uint256 held);
    /// @notice No cash token is listed for this currency.
    error CurrencyUnlisted(bytes3 currency);
    /// @notice A cash token is already listed for this currency.
    error CurrencyAlreadyListed(bytes3 currency);
    /// @notice The payment is of nothing.
    error PaymentZero(OrderId id);
    /// @notice The payment is above what is still to come from the buyer; both in minor units.
    error PaymentExceedsOutstanding(OrderId id, uint256 amount, uint256 outstanding);
    /// @notice It is not yet too late to deliver: what is not earned may go back from `from` on; both Unix seconds.
    /// A fact in dispute, or in its dispute window, puts that off.
    error RefundTooEarly(OrderId id, uint256 from, uint256 now_);
    /// @notice Nothing is to go back to the account.
    error NothingToRefund(OrderId id, address beneficiary);
    /// @notice This side has had its dispute on the order.
    error DisputeUsed(OrderId id, OrganisationId by);
    /// @notice The dispute cannot be ended yet but by who opened it; both in Unix seconds.
    error DisputeRunning(OrderId id, uint256 until, uint256 now_);
    /// @notice A dispute and a decision need a hash of the evidence.
    error DisputeEvidenceZero(OrderId id);
    /// @notice The seller does not offer this, or no longer.
    error DeliveryNotOffered(OrderId id, bytes32 digest);
    /// @notice The goods cost more than is held for the order; both in minor units.
    error DeliveryUnfunded(OrderId id, uint256 price, uint256 held);
    /// @notice The account does not belong to the organisation that it should; zero for nobody.
    error NotAccountOf(OrderId id, address account, OrganisationId its, OrganisationId needed);
    /// @notice Units arrived that the escrow did not fetch itself, or of another token than the goods'.
    error GoodsUnsolicited(address token, address operator);
    /// @notice The caller is not the milestone oracle.
    error OnlyOracle(address caller, address oracle);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    /// @return index its number in `Order.currency`, from 1
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Admits a contract that may take the proceeds and the refunds of orders. Governor only.
    /// @param listed false takes the admission back
    function listAssignee(address assignee, bool listed) external;

    /// @notice Admits a contract that counts accepted invoices in their orders. Governor only.
    /// @param listed false takes the admission back
    function listMatcher(address matcher, bool listed) external;

    // Agreement

    /// @notice Registers an order as its seller, who must be a supplier; unassigned proceeds go to the calling account.
    function registerOrder(OrderTerms calldata terms) external;
    /// @notice Accepts as the buyer, repeating the terms' hash, so that it cannot accept something else by mistake.
    /// Takes the deposit from the caller by allowance, and pays out what facts have earned already.
    /// @param termsHash as `hashOf` tells of the terms in the buyer's hands
    function acceptOrder(OrderId id, bytes32 termsHash) external;
    /// @notice Accepts by the buyer's EIP-712 signature (ERC-1271 for contracts), relayed by anyone; the deposit is
    /// taken from the signer by allowance.
    /// @param signer account of the buyer's organisation
    /// @param deadline last moment (Unix seconds) at which the signature counts
    function acceptOrderBySignature(
        OrderId id,
        bytes32 termsHash,
        address signer,
        uint256 deadline,
        bytes calldata signature
    ) external;
    /// @notice Withdraws an order that nobody has accepted. Seller only; its id is spent for good.
    function cancelOrder(OrderId id) external;

    // Assignment

    /// @notice Assigns the proceeds of an accepted order to the calling custodian, which acts for the seller's account.
    /// @dev Warning: the escrow takes a listed assignee's word that this account of the seller's has asked for it.
    /// @param seller any account of the seller's organisation
    function assignProceeds(OrderId id, address seller) external;
    /// @notice Gives the proceeds back to the seller. The assignee only.
    function releaseProceeds(OrderId id) external;
    /// @notice Lets invoices take the place of what is unfunded, because the goods no longer back the assignee's
    /// financing as an order. The assignee of the proceeds only.
    function permitInvoicing(OrderId id) external;
    /// @notice Assigns what goes back to the buyer of an accepted order to the calling custodian, which acts for the
    /// buyer's account. Goods delivered against payment go where that custodian says.
    /// @dev Warning: the escrow takes a listed assignee's word that this account of the buyer's has asked for it.
    /// @param buyer any account of the buyer's organisation
    function assignRefunds(OrderId id, address buyer) external;
    /// @notice Gives the refunds back to the buyer. The assignee only.
    function releaseRefunds(OrderId id) external;

    // Money

    /// @notice Puts money into escrow for an accepted order; anyone may, by allowance. In the buyer's name where its
    /// organisation pays or a contract of the network does for it, else in the caller's. Does not pay out what is
    /// already earned: `settle` does.
    /// @param amount minor units, at most what is unfunded
    function fund(OrderId id, uint256 amount) external;
    /// @notice Pays on an order at once, past the escrow; anyone may. Goes to the assignee, which is told, or straight
    /// to the seller's account, for which it is parked here where the account cannot take it. On a lapsed order what
    /// was earned and not funded can still be paid.
    /// @param amount minor units, at most what is unfunded
    function payOrder(OrderId id, uint256 amount) external;
    /// @notice Pays out what facts have earned and is held. Anyone; the oracle's hint does the same.
    /// @return amount minor units paid out now; 0 where nothing is due
    function settle(OrderId id) external returns (uint256 amount);
    /// @notice Ends an order that was not delivered in time: pays out what was earned until now and gives the rest
    /// back, in proportion to what each has put in, the buyer's part at once and that of others by `claimRefund`.
    /// Anyone, from the end of the last day of grace on; later by the time of a dispute where a fact of the ladder is
    /// in dispute or in its dispute window. A fact counts until then, however late.
    /// @return amount minor units that go back
    function refund(OrderId id) external returns (uint256 amount);
    /// @notice Gives back another funder's part of an ended order. Anyone, for it.
    /// @return amount minor units paid
    function claimRefund(OrderId id, address beneficiary) external returns (uint256 amount);

    // Goods

    /// @notice Offers goods in a warehouse against payment out of escrow, or takes the offer back. An account of the
    /// seller; whether it has them and has given the escrow its approval (ERC-1155) and power of sale shows at the
    /// time.
    /// @param open false takes the offer back
    function offerDelivery(Delivery calldata delivery, bool open) external;
    /// @notice Takes goods against payment: title and money change hands in this call, or neither does. An account of
    /// the buyer, or the assignee of its refunds only where there is one. Counts as paid, whatever the facts have
    /// earned.
    /// @param to account of the buyer's organisation that gets title and holding
    function deliver(Delivery calldata delivery, address to) external;

    // Disputes

    /// @notice Objects to an accepted order: until the dispute ends nothing is paid out or back. Each side once.
    /// @param evidence hash of what it says and shows; nonzero
    function disputeOrder(OrderId id, bytes32 evidence) external;
    /// @notice Splits what is held on a disputed order, which is over then. Arbiter only.
    /// @param toSeller minor units; the rest goes back to who put it in
    /// @param evidence hash of the reasons; nonzero
    function decideDispute(OrderId id, uint256 toSeller, bytes32 evidence) external;
    /// @notice Ends a dispute without a split: who opened it at any time, anyone when its time is up. The rule by
    /// default is that facts decide: payouts and deadline go on as if there had been no dispute.
    function endDispute(OrderId id) external;
    /// @notice Agrees to split what is held and end the order. When both sides have said the same of the same sum it is
    /// done; not while proceeds or refunds are assigned.
    /// @param toSeller minor units; the rest goes back to who put it in
    function agreeSplit(OrderId id, uint256 toSeller) external;

    // Invoices

    /// @notice Counts an invoice that the buyer has accepted in place of what is unfunded. Listed matchers only.
    /// @param amount minor units, at most what is unfunded
    function countInvoiced(OrderId id, uint256 amount) external;

    // Views

    /// @return the order's record; all zero where there is none
    function order(OrderId id) external view returns (Order memory);
    /// @return what else is known of its money
    function fundsOf(OrderId id) external view returns (Funds memory);
    /// @return minor units that the buyer puts in with its acceptance
    function depositOf(OrderId id) external view returns (uint256);
    /// @return its consignment; zero where there is no such order
    function subjectOf(OrderId id) external view returns (bytes32);
    /// @return the order whose money the consignment's facts earn; zero for none
    function orderOfSubject(bytes32 subject) external view returns (OrderId);
    /// @return hash of its terms, which the buyer repeats
    function termsHashOf(OrderId id) external view returns (bytes32);
    /// @return the hash of these terms
    function hashOf(OrderTerms calldata terms) external pure returns (bytes32);
    /// @return the ladder by which its money is earned
    function payoutsOf(OrderId id) external view returns (Payout[] memory);
    /// @return the contract that takes the proceeds; zero where they are the seller's
    function assigneeOf(OrderId id) external view returns (address);
    /// @return the contract that takes the refunds; zero where they are the buyer's
    function refundAssigneeOf(OrderId id) external view returns (address);
    /// @return the account that takes unassigned proceeds
    function sellerOf(OrderId id) external view returns (address);
    /// @return the account that accepted and takes unassigned refunds; zero before
    function buyerOf(OrderId id) external view returns (address);
    /// @notice What is to come on the order, for contracts that lend on it.
    /// @return state where the order is in its life
    /// @return deliverBy days since 1970-01-01
    /// @return quantity goods ordered, thousandths; 0 where it cannot be measured in one unit
    /// @return owed minor units that are still to be paid to the seller's side, held or not
    /// @return paid minor units that have gone to the seller's side
    function debtOf(OrderId id)
        external
        view
        returns (State state, uint256 deliverBy, uint256 quantity, uint256 owed, uint256 paid);
    /// @return minor units that are still to be paid to the seller's side, held or not
    function outstanding(OrderId id) external view returns (uint256);
    /// @return minor units that are still to come from the buyer
    function unfunded(OrderId id) external view returns (uint256);
    /// @return minor units that the facts have earned by now, paid or not
    function earnedOf(OrderId id) external view returns (uint256);
    /// @return minor units that were put into escrow in this account's name and not given back
    function fundedBy(OrderId id, address beneficiary) external view returns (uint256);
    /// @return minor units that `claimRefund` would pay
    function refundOf(OrderId id, address beneficiary) external view returns (uint256);
    /// @return minor units in escrow: held, or waiting for who put them in
    function heldInAll(OrderId id) external view returns (uint256);
    /// @return what an offer is found by
    function deliveryDigest(Delivery calldata delivery) external pure returns (bytes32);
    /// @return whether the seller offers this
    function isOffered(bytes32 digest) external view returns (bool);
    /// @return the EIP-712 digest that the buyer signs
    function orderAcceptanceDigest(OrderId id, bytes32 termsHash, address signer, uint256 deadline)
        external
        view
        returns (bytes32);
    /// @return days that a dispute runs before anyone may end it
    function disputeDays() external view returns (uint256);
    /// @return token that the order is paid in; zero where there is no such order
    function cashOf(OrderId id) external view returns (ICashToken);
}
