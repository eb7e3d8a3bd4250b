// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {DeskReadings} from "./DeskReadings.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The part of the desk that carries a financing from one paper to the next: order, lot, receivable. It also
/// answers what takes much code to answer.
/// @dev Code without a state of its own: the desk runs it on its own storage, by delegatecall, because it would not fit
/// beside draws and repayments. It declares no storage beyond `FinancingBook`'s.
contract DeskHandovers is DeskReadings {
    using Waterfall for Waterfall.Claims;

    /// @dev What is taken instead.
    struct Successor {
        ICollateral collateral;
        uint256 itemId;
        uint256 units;
        bytes32 subject;
        address recipient;
    }

    IMilestoneOracle private immutable _oracle;

    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IConcentration concentration_,
        address authority
    ) FacilityBook(registry_) FinancingBook(concentration_) AccessManaged(authority) {
        _oracle = oracle_;
    }

    // By the supplier

    /// @notice See `IFinancingDesk`.
    function handOver(FinancingId id, ICollateral to, uint256 itemId, uint256 units, bytes32 subject, address recipient)
        external
        nonReentrant
    {
        _handOver(id, Successor(to, itemId, units, subject, recipient));
    }

    // Internals

    /// @dev The new paper is taken, and the old one worth nothing, before anything is asked of the base: they never count
    /// together, and in one call neither counts alone.
    function _handOver(FinancingId id, Successor memory next) private {
        Account memory its = _current(id);
        _requireSupplierMayHandOver(id, its);
        _requireFit(id, its, next);
        ICollateral from = its.anchor.collateral;
        uint256 previousDay = its.anchor.maturityDay;

        _earlier[id].push(from);
        its.debt.marks |= HANDED_OVER;
        emit IFinancingDesk.FinancingHandedOver(id, from, next.collateral, next.itemId, next.units, next.subject);

        IConcentration.Keys memory keys = _take(id, its, next);
        _requireRecipient(id, next.recipient, keys.debtor);
        from.retire(id, next.collateral, next.itemId, next.recipient);
        emit IFinancingDesk.MaturitySet(id, previousDay, its.anchor.maturityDay);
        _count(id, its, keys);
        _requireBorne(id, its);
    }

    /// @dev The debt itself is not touched: what is stored is whose risk it is, where it is kept and until when.
    function _take(FinancingId id, Account memory its, Successor memory next)
        private
        returns (IConcentration.Keys memory keys)
    {
        if (next.subject != 0 && !_watches(_oracle, id, next.subject)) {
            _oracle.watch(next.subject, FinancingId.unwrap(id));
        }
        Anchor memory anchor = its.anchor;
        FacilityId facilityId = FacilityId.wrap(anchor.facility);
        (anchor.maturityDay, keys) = next.collateral
            .take(
                id, facilityId, its.line.supplier, next.itemId, next.units, next.subject, address(its.usage.pool.cash())
            );
        (anchor.collateral, anchor.debtor, anchor.sellerGroup) = (next.collateral, keys.debtor, keys.sellerGroup);
        _financings[id].anchor = anchor;
    }

    /// @dev Where the risk is nobody else's than before, no cap is asked: it is no new risk.
    function _count(FinancingId id, Account memory its, IConcentration.Keys memory keys) private {
        _financings[id].debt.marks = its.debt.marks;
        bool same = keccak256(abi.encode(_concentration.keysOf(id))) == keccak256(abi.encode(keys));
        if (same) return;
        uint256 principal = its.debt.principal;
        uint256 granted = _moveExposure(id, its, keys, principal);
        require(granted == principal, IFinancingDesk.HandoverExceedsCap(id, principal, granted));
    }

    // Checks

    function _requireSupplierMayHandOver(FinancingId id, Account memory its) private view {
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        address supplier = its.line.supplier;
        bool asked = msg.sender == supplier || msg.sender == address(its.anchor.collateral);
        require(asked, IFinancingDesk.NotSupplierOf(facilityId, msg.sender, supplier));
        _requireOpen(id, its);
        _requireActing(facilityId, supplier);
        _requireNoRecourse(facilityId, _facilities[facilityId]);
        bool stopped = _isStopped[IFinancingDesk.Stoppable.Opening];
        require(!stopped, IFinancingDesk.IsStopped(IFinancingDesk.Stoppable.Opening));
        uint256 lost = uint256(_impairmentOf(id, its)) + its.accruals.writtenOff;
        bool sound = lost == 0 && block.timestamp < _endOf(its.anchor.maturityDay);
        require(sound, IFinancingDesk.HandoverTooLate(id, lost, its.anchor.maturityDay));
    }

    function _requireFit(FinancingId id, Account memory its, Successor memory next) private view {
        ICollateral to = next.collateral;
        require(_isCollateralListed[to], IFinancingDesk.CollateralUnlisted(to));
        bool isNew = to != its.anchor.collateral && !_hasBacked(id, address(to));
        require(isNew, IFinancingDesk.AlreadyBackedBy(id, to));
        GroupId group = registry.requireRole(its.line.supplier, Roles.SUPPLIER).group;
        _requireSubjectOf(_oracle, next.collateral, next.subject, group);
    }

    /// @dev Goods go to nobody but who owes their price from now on.
    function _requireRecipient(FinancingId id, address recipient, OrganisationId debtor) private view {
        if (recipient == address(0)) return;
        OrganisationId organisation = registry.membershipOf(recipient).organisation;
        require(organisation == debtor, IFinancingDesk.RecipientNotDebtor(id, recipient, organisation, debtor));
    }

    function _requireBorne(FinancingId id, Account memory its) private view {
        uint256 base = its.anchor.collateral.borrowingBase(id);
        uint256 owed_ = _claims(its).total() + _coverDue(id, its);
        require(owed_ <= base, IFinancingDesk.HandoverUncovered(id, owed_, base));
    }
}
