// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParkedPayouts} from "../../libraries/ParkedPayouts.sol";
import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {OrderId, OrganisationId} from "../../types/Ids.sol";

/// @title Purchase orders that both sides have signed up to, and the road their money takes: the buyer pays through
/// here, and what it pays goes to the assignee (a financing) before it goes to the seller.
interface IOrderEscrow is IParkedPayouts {
    enum State {
        None,
        Registered,
        Accepted,
        Settled,
        Cancelled
    }

    /// @param value minor units of the currency
    /// @param paid minor units that the buyer has paid through the escrow
    /// @param quantity goods ordered, thousandths of the order's unit; 0 where it cannot be measured in one unit
    /// @param deliverBy days since 1970-01-01
    /// @param assigned proceeds belong to the assignee first
    struct Order {
        uint56 value;
        uint56 paid;
        uint48 quantity;
        uint16 deliverBy;
        OrganisationId seller;
        OrganisationId buyer;
        uint8 currency;
        State state;
        bool assigned;
    }

    struct OrderTerms {
        OrderId id;
        address buyer;
        bytes3 currency;
        uint256 value;
        uint256 quantity;
        uint256 deliverBy;
    }

    /// @notice Orders may be registered in this currency from now on.
    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    /// @param listed whether the contract may take the proceeds of orders
    event AssigneeListed(address indexed assignee, bool listed);
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
    /// @notice The buyer agreed to the terms.
    event OrderAccepted(OrderId indexed id, address indexed by);
    /// @notice The seller withdrew the order; its id is spent for good.
    event OrderCancelled(OrderId indexed id);
    /// @notice What the buyer pays goes to the assignee from now on.
    event ProceedsAssigned(OrderId indexed id, address indexed assignee);
    /// @notice What the buyer pays goes to the seller again.
    event ProceedsReleased(OrderId indexed id, address indexed assignee);
    /// @notice The buyer's money went to the assignee or, where there is none, to the seller.
    /// @param amount minor units
    /// @param outstanding minor units still to be paid after it
    event OrderPaid(
        OrderId indexed id, address indexed payer, address indexed payee, uint256 amount, uint256 outstanding
    );
    /// @notice The whole value has been paid.
    event OrderSettled(OrderId indexed id);
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
    /// @notice The buyer's organisation, which is named, is the seller's or of its group.
    error BuyerIsSeller(OrderId id, OrganisationId organisation);
    /// @notice The caller's organisation is not the order's buyer.
    error NotBuyerOf(OrderId id, OrganisationId caller, OrganisationId buyer);
    /// @notice The caller's organisation (or that of the account that it acts for) is not the order's seller.
    error NotSellerOf(OrderId id, OrganisationId caller, OrganisationId seller);
    /// @notice A term that the buyer repeats is not the registered one; minor units, thousandths, days since
    /// 1970-01-01.
    error AcceptanceDiffers(
        OrderId id,
        uint256 value,
        uint256 registeredValue,
        uint256 quantity,
        uint256 registeredQuantity,
        uint256 deliverBy,
        uint256 registeredDeliverBy
    );
    /// @notice The proceeds already go to `assignee`.
    error AlreadyAssigned(OrderId id, address assignee);
    /// @notice The caller is not the contract that takes the proceeds, which is zero where they are the seller's.
    error NotAssigneeOf(OrderId id, address caller, address assignee);
    /// @notice The calling contract may not take the proceeds of orders.
    error AssigneeUnlisted(address assignee);
    /// @notice No cash token is listed for this currency.
    error CurrencyUnlisted(bytes3 currency);
    /// @notice A cash token is already listed for this currency.
    error CurrencyAlreadyListed(bytes3 currency);
    /// @notice The payment is of nothing.
    error PaymentZero(OrderId id);
    /// @notice The payment is above what is still to be paid; both in minor units.
    error PaymentExceedsOutstanding(OrderId id, uint256 amount, uint256 outstanding);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    /// @return index its number in `Order.currency`, from 1
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Admits a contract that may take the proceeds of orders. Governor only.
    /// @param listed false takes the admission back
    function listAssignee(address assignee, bool listed) external;

    /// @notice Registers an order as its seller, who must be a supplier; unassigned proceeds go to the calling account.
    function registerOrder(OrderTerms calldata terms) external;
    /// @notice Accepts as the buyer, repeating the terms, so that it cannot accept something else by mistake.
    /// @param value minor units
    /// @param quantity thousandths of the order's unit
    /// @param deliverBy days since 1970-01-01
    function acceptOrder(OrderId id, uint256 value, uint256 quantity, uint256 deliverBy) external;
    /// @notice Withdraws an order that nobody has accepted. Seller only; its id is spent for good.
    function cancelOrder(OrderId id) external;
    /// @notice Assigns the proceeds of an accepted order to the calling custodian, which acts for the seller's account.
    /// @dev Warning: the escrow takes a listed assignee's word that this account of the seller's has asked for it.
    /// @param seller any account of the seller's organisation
    function assignProceeds(OrderId id, address seller) external;
    /// @notice Gives the proceeds back to the seller. The assignee only.
    function releaseProceeds(OrderId id) external;
    /// @notice Pays on an order; anyone may. Goes to the assignee, which is told, or straight to the seller's account,
    /// for which it is parked here where the account cannot take it.
    /// @param amount minor units, at most what is outstanding
    function payOrder(OrderId id, uint256 amount) external;

    /// @return the order's record; all zero where there is none
    function order(OrderId id) external view returns (Order memory);
    /// @return the contract that takes the proceeds; zero where they are the seller's
    function assigneeOf(OrderId id) external view returns (address);
    /// @return the account that takes unassigned proceeds
    function sellerOf(OrderId id) external view returns (address);
    /// @return minor units that are still to be paid
    function outstanding(OrderId id) external view returns (uint256);
    /// @return token that the order is paid in; zero where there is no such order
    function cashOf(OrderId id) external view returns (ICashToken);
}
