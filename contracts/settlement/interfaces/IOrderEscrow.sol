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

    event CurrencyListed(uint8 indexed index, bytes3 currency, ICashToken cash);
    event AssigneeListed(address indexed assignee, bool listed);
    event OrderRegistered(
        OrderId indexed id,
        OrganisationId indexed seller,
        OrganisationId indexed buyer,
        bytes3 currency,
        uint256 value,
        uint256 quantity,
        uint256 deliverBy
    );
    event OrderAccepted(OrderId indexed id, address indexed by);
    event OrderCancelled(OrderId indexed id);
    event ProceedsAssigned(OrderId indexed id, address indexed assignee);
    event ProceedsReleased(OrderId indexed id, address indexed assignee);
    event OrderPaid(
        OrderId indexed id, address indexed payer, address indexed payee, uint256 amount, uint256 outstanding
    );
    event OrderSettled(OrderId indexed id);
    /// @notice The assignee has the money but did not take the hint; anyone may poke it.
    event ProceedsHintFailed(OrderId indexed id, address indexed assignee);

    error OrderIdZero();
    error OrderExists(OrderId id, State state);
    error OrderStateWrong(OrderId id, State state, State needed);
    error OrderValueOutOfRange(OrderId id, uint256 value, uint256 most);
    error OrderQuantityOutOfRange(OrderId id, uint256 quantity, uint256 most);
    error DeliverByOutOfRange(OrderId id, uint256 deliverBy, uint256 earliest, uint256 latest);
    error BuyerIsSeller(OrderId id, OrganisationId organisation);
    error NotBuyerOf(OrderId id, OrganisationId caller, OrganisationId buyer);
    error NotSellerOf(OrderId id, OrganisationId caller, OrganisationId seller);
    error AcceptanceDiffers(
        OrderId id,
        uint256 value,
        uint256 registeredValue,
        uint256 quantity,
        uint256 registeredQuantity,
        uint256 deliverBy,
        uint256 registeredDeliverBy
    );
    error AlreadyAssigned(OrderId id, address assignee);
    error NotAssigneeOf(OrderId id, address caller, address assignee);
    error AssigneeUnlisted(address assignee);
    error CurrencyUnlisted(bytes3 currency);
    error CurrencyAlreadyListed(bytes3 currency);
    error PaymentZero(OrderId id);
    error PaymentExceedsOutstanding(OrderId id, uint256 amount, uint256 outstanding);

    /// @notice Lists a cash token; its currency can be listed once. Governor only.
    function listCurrency(ICashToken cash) external returns (uint8 index);

    /// @notice Admits a contract that may take the proceeds of orders. Governor only.
    function listAssignee(address assignee, bool listed) external;

    /// @notice Registers an order as its seller, who must be a supplier; unassigned proceeds go to the calling account.
    function registerOrder(OrderTerms calldata terms) external;
    /// @notice Accepts as the buyer, repeating the terms, so that it cannot accept something else by mistake.
    function acceptOrder(OrderId id, uint256 value, uint256 quantity, uint256 deliverBy) external;
    /// @notice Withdraws an order that nobody has accepted. Seller only; its id is spent for good.
    function cancelOrder(OrderId id) external;
    /// @notice Assigns the proceeds of an accepted order to the calling custodian, which acts for the seller's account.
    /// @dev Warning: the escrow takes a listed assignee's word that this account of the seller's has asked for it.
    function assignProceeds(OrderId id, address seller) external;
    /// @notice Gives the proceeds back to the seller. The assignee only.
    function releaseProceeds(OrderId id) external;
    /// @notice Pays on an order; anyone may. Goes to the assignee, which is told, or straight to the seller's account,
    /// for which it is parked here where the account cannot take it.
    /// @param amount minor units, at most what is outstanding
    function payOrder(OrderId id, uint256 amount) external;

    function order(OrderId id) external view returns (Order memory);
    /// @return the contract that takes the proceeds; zero where they are the seller's
    function assigneeOf(OrderId id) external view returns (address);
    /// @return the account that takes unassigned proceeds
    function sellerOf(OrderId id) external view returns (address);
    /// @return minor units that are still to be paid
    function outstanding(OrderId id) external view returns (uint256);
    function cashOf(OrderId id) external view returns (ICashToken);
}
