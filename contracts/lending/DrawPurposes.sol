// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IReceivableToken} from "../receivables/interfaces/IReceivableToken.sol";
import {IOrderEscrow} from "../settlement/interfaces/IOrderEscrow.sol";
import {FinancingId, OrderId, OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {IDrawPurposes} from "./interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Pays earmarked draws on to the carrier or into the escrow. It never keeps money from one call to the next.
contract DrawPurposes is IDrawPurposes {
    using SafeERC20 for IERC20;

    IFinancingDesk public immutable desk;
    IReceivableToken public immutable receivables;
    IOrderEscrow public immutable escrow;
    IParticipantRegistry public immutable registry;

    mapping(FinancingId => Purpose) private _purposes;

    constructor(
        IFinancingDesk desk_,
        IReceivableToken receivables_,
        IOrderEscrow escrow_,
        IParticipantRegistry registry_
    ) {
        (desk, receivables, escrow, registry) = (desk_, receivables_, escrow_, registry_);
    }

    // By the supplier

    /// @inheritdoc IDrawPurposes
    function setPurpose(FinancingId id, Kind kind, uint256 itemId, uint256 most) external {
        IFinancingDesk.Financing memory its = desk.financing(id);
        IFinancingDesk.FacilityTerms memory terms = desk.facility(its.facility).terms;
        require(msg.sender == terms.supplier, NotSupplierOfPurpose(id, msg.sender, terms.supplier));
        desk.requireActing(its.facility);
        require(terms.earmarked, NotEarmarked(id));
        bool unsettled = its.state == IFinancingDesk.State.Open && its.accruedAt == 0;
        require(unsettled, PurposeSettled(id));
        uint256 greatest = type(uint64).max;
        require(most != 0 && most <= greatest, PurposeOutOfRange(id, most, greatest));
        OrganisationId ours = registry.membershipOf(terms.supplier).organisation;
        address cash = address(terms.pool.cash());
        bool fits;
        // What goes back from a seller must come back to the lender, who lends on such an order for nothing else.
        bool backed = escrow.refundAssigneeOf(OrderId.wrap(its.itemId)) == address(its.collateral);
        if (kind == Kind.Freight) fits = !backed && _isFreight(itemId, ours, cash);
        if (kind == Kind.Purchase) fits = backed && itemId == its.itemId && _isPurchase(itemId, ours, cash);
        require(fits, PurposeUnfit(id, kind, itemId));

        // The cast is safe: it is in range.
        _purposes[id] = Purpose(kind, itemId, uint64(most), 0);
        emit PurposeSet(id, kind, itemId, most);
    }

    // By the desk

    /// @inheritdoc IDrawPurposes
    function pay(FinancingId id, uint256 amount) external {
        require(msg.sender == address(desk), PurposeOnlyDesk(msg.sender, address(desk)));
        Purpose storage its = _purposes[id];
        (Kind kind, uint256 itemId) = (its.kind, its.itemId);

        // The cast is safe: the desk pays no more than there is room for.
        its.paid += uint64(amount);
        emit PurposePaid(id, kind, itemId, amount);

        if (kind == Kind.Freight) {
            ReceivableId freight = ReceivableId.wrap(itemId);
            IERC20(receivables.cashOf(freight)).forceApprove(address(receivables), amount);
            receivables.pay(freight, amount);
        } else {
            OrderId order = OrderId.wrap(itemId);
            IERC20(escrow.cashOf(order)).forceApprove(address(escrow), amount);
            escrow.fund(order, amount);
        }
    }

    // Views

    /// @inheritdoc IDrawPurposes
    function room(FinancingId id) external view returns (uint256) {
        Purpose memory its = _purposes[id];
        if (its.kind == Kind.None) return 0;
        return Math.min(its.most - its.paid, _payable(its.kind, its.itemId));
    }

    /// @inheritdoc IDrawPurposes
    function purposeOf(FinancingId id) external view returns (Purpose memory) {
        return _purposes[id];
    }

    // Internals

    /// @return minor units that the item takes now
    function _payable(Kind kind, uint256 itemId) private view returns (uint256) {
        if (kind == Kind.Purchase) {
            OrderId order = OrderId.wrap(itemId);
            bool open = escrow.order(order).state == IOrderEscrow.State.Accepted;
            return open ? escrow.unfunded(order) : 0;
        }
        (IReceivableToken.State state,,, uint256 owed,) = receivables.debtOf(ReceivableId.wrap(itemId));
        return state == IReceivableToken.State.Accepted ? owed : 0;
    }

    /// @dev Nobody registers a receivable of its own group: the token sees to that.
    function _isFreight(uint256 itemId, OrganisationId ours, address cash) private view returns (bool) {
        ReceivableId id = ReceivableId.wrap(itemId);
        IReceivableToken.Receivable memory its = receivables.receivable(id);
        if (its.state != IReceivableToken.State.Accepted || !(its.debtor == ours)) return false;
        bool carries = registry.organisation(its.supplier).roles & Roles.CARRIER != 0;
        return carries && address(receivables.cashOf(id)) == cash;
    }

    function _isPurchase(uint256 itemId, OrganisationId ours, address cash) private view returns (bool) {
        OrderId id = OrderId.wrap(itemId);
        IOrderEscrow.Order memory its = escrow.order(id);
        bool open = its.state == IOrderEscrow.State.Accepted && its.buyer == ours;
        return open && address(escrow.cashOf(id)) == cash;
    }
}
