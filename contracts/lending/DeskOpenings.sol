// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Waterfall} from "../libraries/Waterfall.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {DeskOffices} from "./DeskOffices.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title The part of the desk that opens and closes: what the offices grant, and the financings under it.
/// @dev Code without a state of its own: the desk runs it on its own storage, by delegatecall, because it would not fit
/// beside draws and repayments. It declares no storage beyond `FinancingBook`'s.
contract DeskOpenings is DeskOffices {
    using Waterfall for Waterfall.Claims;

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
    function openFinancing(
        FacilityId facilityId,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external nonReentrant returns (FinancingId) {
        return _open(msg.sender, facilityId, collateral, itemId, units, subject);
    }

    /// @notice See `IFinancingDesk`.
    function openFinancingFor(
        address supplier,
        FacilityId facilityId,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external nonReentrant returns (FinancingId) {
        require(msg.sender == _applications, IFinancingDesk.OnlyApplications(msg.sender, _applications));
        return _open(supplier, facilityId, collateral, itemId, units, subject);
    }

    /// @notice See `IFinancingDesk`.
    function release(FinancingId id) external nonReentrant {
        Account memory its = _outlineOf(id);
        address supplier = its.line.supplier;
        FacilityId facilityId = FacilityId.wrap(its.anchor.facility);
        require(msg.sender == supplier, IFinancingDesk.NotSupplierOf(facilityId, msg.sender, supplier));
        require(
            its.debt.state != IFinancingDesk.State.Released,
            IFinancingDesk.FinancingStateWrong(id, its.debt.state, IFinancingDesk.State.Repaid)
        );
        uint256 stillOwed = _stillOwed(id, its.debt);
        require(stillOwed == 0, IFinancingDesk.StillOwed(id, stillOwed));
        _requireUnclaimed(facilityId, its.usage);
        _requireActing(facilityId, supplier);

        _financings[id].debt.state = IFinancingDesk.State.Released;
        emit IFinancingDesk.FinancingClosed(id);

        if (its.usage.flags & COMMITTED != 0) _collectCommitment(facilityId, _facilities[facilityId]);
        if (its.debt.marks & HANDED_OVER != 0) {
            ICollateral[] storage earlier = _earlier[id];
            for (uint256 i; i < earlier.length; ++i) {
                _letGo(id, earlier[i], supplier);
            }
        }
        _letGo(id, its.anchor.collateral, supplier);
    }

    /// @notice See `IFinancingDesk`.
    function payCommitmentFee(FacilityId id) external nonReentrant returns (uint256 amount) {
        amount = _collectCommitment(id, _known(id));
        require(amount != 0, IFinancingDesk.NothingDue(id));
    }

    /// @notice See `IFinancingDesk`.
    function moveFacility(FacilityId id, address account) external nonReentrant {
        FacilityRecord storage its = _known(id);
        (address previous, OrganisationId organisation) = (its.line.supplier, _organisationOf[id]);
        bool hasLeft = !(registry.membershipOf(previous).organisation == organisation);
        // Who is frozen is still of the organisation, and so keeps others out, and may not act itself.
        address mover = hasLeft ? account : previous;
        require(msg.sender == mover, IFinancingDesk.NotSupplierOf(id, msg.sender, previous));
        registry.requireAdmitted(mover, mover);
        OrganisationId found = registry.requireRole(account, Roles.SUPPLIER).organisation;
        require(found == organisation, IFinancingDesk.AccountNotOfSupplier(id, account, found, organisation));

        its.line.supplier = account;
        emit IFinancingDesk.FacilityMoved(id, previous, account);
    }

    // Internals

    function _open(
        address supplier,
        FacilityId facilityId,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) private returns (FinancingId id) {
        _requireSupplierMayOpen(supplier, facilityId, collateral, subject);

        id = FinancingId.wrap(uint64(++_financingCount));
        FinancingRecord storage record = _financings[id];
        record.debt.state = IFinancingDesk.State.Open;
        record.accruals.openedDay = uint16(block.timestamp / 1 days);
        // The cast is safe: facilities are numbered in sequence.
        record.anchor.facility = uint32(FacilityId.unwrap(facilityId));
        record.anchor.collateral = collateral;
        emit IFinancingDesk.FinancingOpened(id, facilityId, collateral, itemId, units, subject);

        if (subject != 0) _oracle.watch(subject, FinancingId.unwrap(id));
        _take(id, record, supplier, itemId, units, subject);
    }

    /// @dev The item's due day and whose risk it is are known once the adapter has it.
    function _take(
        FinancingId id,
        FinancingRecord storage record,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) private {
        Anchor storage anchor = record.anchor;
        FacilityId facilityId = FacilityId.wrap(anchor.facility);
        Usage memory usage = _facilities[facilityId].usage;
        (uint16 maturityDay, IConcentration.Keys memory keys) =
            anchor.collateral.take(id, facilityId, pledgor, itemId, units, subject, address(usage.pool.cash()));
        (anchor.maturityDay, anchor.debtor, anchor.sellerGroup) = (maturityDay, keys.debtor, keys.sellerGroup);
        emit IFinancingDesk.MaturitySet(id, 0, maturityDay);
        if (_concentration.assign(id, usage.pool, keys)) record.debt.marks = PLACED;
    }

    /// @dev Several pledges may have followed one consignment: it is given free with the first of them.
    function _letGo(FinancingId id, ICollateral collateral, address supplier) private {
        bytes32 subject = collateral.subjectOf(id);
        if (subject != 0 && _watches(_oracle, id, subject)) _oracle.unwatch(subject);
        collateral.release(id, supplier);
    }

    /// @dev Of one that is repaid nothing is left that time could add to: only insurers may still be owed something.
    function _stillOwed(FinancingId id, Debt memory debt) private view returns (uint256) {
        if (debt.state == IFinancingDesk.State.Repaid && debt.marks & COVERED == 0) return 0;
        Account memory its = _current(id);
        return _claims(its).total() + _coverDue(id, its);
    }

    // Checks

    function _requireSupplierMayOpen(address supplier, FacilityId id, ICollateral collateral, bytes32 subject)
        private
        view
    {
        FacilityRecord storage its = _known(id);
        require(supplier == its.line.supplier, IFinancingDesk.NotSupplierOf(id, supplier, its.line.supplier));
        _requireActing(id, supplier);
        _requireOpening(id, its.usage);
        require(_isCollateralListed[collateral], IFinancingDesk.CollateralUnlisted(collateral));
        GroupId group = registry.requireRole(supplier, Roles.SUPPLIER).group;
        _requireSubjectOf(_oracle, collateral, subject, group);
    }
}
