// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, OrderId, OrganisationId, ReceivableId} from "../../types/Ids.sol";

/// @title The three-way match: what was ordered, shipped, received and invoiced, in one unit, within the order's
/// tolerances. What an invoice backs is capped at the least of them.
interface IOrderMatch {
    /// @notice The invoice is for goods of the order.
    /// @param faceValue minor units that it takes the place of
    /// @param quantity thousandths of the order's unit
    event InvoiceMatched(OrderId indexed order, ReceivableId indexed receivable, uint256 faceValue, uint256 quantity);

    /// @param demanded whether the facility lends on no other invoices than matched ones from now on
    event MatchDemanded(FacilityId indexed facility, bool demanded);

    /// @notice The invoice is already matched, with `order`.
    error AlreadyMatched(ReceivableId receivable, OrderId order);
    /// @notice Only an accepted invoice is matched; the number of its state.
    error MatchStateWrong(ReceivableId receivable, uint8 state);
    /// @notice Seller and buyer of the order are not supplier and debtor of the invoice.
    error MatchPartiesDiffer(
        OrderId order,
        ReceivableId receivable,
        OrganisationId seller,
        OrganisationId supplier,
        OrganisationId buyer,
        OrganisationId debtor
    );
    /// @notice Order and invoice are paid in different cash tokens.
    error MatchCurrenciesDiffer(OrderId order, ReceivableId receivable, address cash, address invoiceCash);
    /// @notice One of the two cannot be measured; both in thousandths.
    error MatchUnmeasured(OrderId order, ReceivableId receivable, uint256 ordered, uint256 invoiced);
    /// @notice The caller's organisation is not the order's seller.
    error MatchNotBySeller(OrderId order, OrganisationId caller, OrganisationId seller);
    /// @notice The facility lends on matched invoices only, and this one is matched with no order.
    error MatchMissing(FacilityId facility, ReceivableId receivable);
    /// @notice A matched invoice is pledged with the consignment of its order, `own`, so that goods and paper never count
    /// in two financings.
    error MatchSubjectDiffers(ReceivableId receivable, bytes32 subject, bytes32 own);
    /// @notice The consignment was an order's that has ended: its facts are of goods that the order was for, and the invoice
    /// is not matched with it.
    error GoodsOfEndedOrder(ReceivableId receivable, bytes32 subject, OrderId order);

    /// @notice Matches an accepted invoice with its order: the order's seller only, once for good. The order's
    /// outstanding falls by the face value, which must be unfunded. An invoice that is cancelled later goes on
    /// counting.
    function link(OrderId order, ReceivableId receivable) external;

    /// @notice Has a facility lend on matched invoices only, or on others too. Credit officers. It is the lender's to ask
    /// for: a seller would rather not be held to what was shipped.
    function demandMatch(FacilityId facility, bool demanded) external;

    /// @return whether the facility lends on matched invoices only
    function isDemanded(FacilityId facility) external view returns (bool);

    /// @notice Reverts unless the invoice may be pledged with this consignment.
    /// @param subject 0 for none
    function requirePledgeable(FacilityId facility, ReceivableId receivable, bytes32 subject) external view;

    /// @return the order that the invoice is matched with; zero for none
    function orderOf(ReceivableId receivable) external view returns (OrderId);

    /// @notice The four quantities, in thousandths of the order's unit.
    /// @return ordered goods ordered
    /// @return shipped attested as departed or, where nothing is, as loaded; 0 where not measured yet
    /// @return received attested as received; 0 where not measured yet
    /// @return invoiced by all invoices matched with the order
    function matchOf(OrderId order)
        external
        view
        returns (uint256 ordered, uint256 shipped, uint256 received, uint256 invoiced);

    /// @notice What part of the invoice may back a financing: `least / invoiced`. The whole within the order's
    /// tolerances; else the least of what was ordered (with what may be more), shipped and received, these two as far
    /// as they are attested; nothing while one of these facts is in dispute, or where it is pledged with another
    /// consignment than its order's, whose goods may be another financing's.
    /// @param pledged consignment with which the invoice is pledged
    /// @return least thousandths of the order's unit, at most `invoiced`
    /// @return invoiced thousandths, by all invoices of the order; 0 where the invoice is not matched
    function capOf(ReceivableId receivable, bytes32 pledged) external view returns (uint256 least, uint256 invoiced);
}
