// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {IServicing} from "./interfaces/IServicing.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Arrears, default, recourse and amendments. It decides; the desk does.
contract Servicing is IServicing, AccessManaged, EIP712 {
    /// @dev What both sides have said of an amendment, in one word.
    /// @param facility whose supplier has agreed
    struct Consent {
        bool bySupplier;
        bool byOfficer;
        bool spent;
        FacilityId facility;
    }

    bytes32 private constant AMENDMENT_TYPE = keccak256(
        "Amendment(uint64 financing,uint64 facility,uint16 maturityDay,uint64 newFacility,uint16 newMaturityDay,bytes32 document,uint40 validUntil,bytes32 ladder)"
    );
    uint256 private constant MOST_STEPS = 8;

    IFinancingDesk public immutable desk;

    mapping(IFundingSource => Step[]) private _schedules;
    mapping(bytes32 amendment => Consent) private _consents;
    /// @dev Signatures that do not count: their signer has withdrawn what they say.
    mapping(bytes32 amendment => mapping(address signer => bool)) private _isVoid;

    /// @param networkSteps the schedule of every source that has none of its own
    constructor(IFinancingDesk desk_, Step[] memory networkSteps, address authority)
        AccessManaged(authority)
        EIP712("Portolan Servicing", "1")
    {
        desk = desk_;
        _requireRising(IFundingSource(address(0)), networkSteps);
        _storeSchedule(IFundingSource(address(0)), networkSteps);
    }

    // By the credit officer

    /// @inheritdoc IServicing
    function setSchedule(IFundingSource source, Step[] calldata steps) external restricted {
        // Without steps of its own a source follows the network's, which are never taken away.
        if (steps.length != 0 || address(source) == address(0)) _requireRising(source, steps);
        _storeSchedule(source, steps);
    }

    /// @inheritdoc IServicing
    function approve(Amendment calldata amendment) external restricted {
        bytes32 hash = amendmentHash(amendment);
        _consents[hash].byOfficer = true;
        _agreed(amendment, hash, msg.sender);
    }

    /// @inheritdoc IServicing
    function withdrawApproval(bytes32 amendment) external restricted {
        Consent storage consent = _consents[amendment];
        require(!consent.spent, AmendmentSpent(amendment));
        require(consent.byOfficer, NotApproved(amendment));

        consent.byOfficer = false;
        emit AmendmentWithdrawn(amendment, msg.sender);
    }

    // By the supplier

    /// @inheritdoc IServicing
    function agree(Amendment calldata amendment) external {
        address supplier = desk.facility(amendment.facility).terms.supplier;
        require(msg.sender == supplier, NotSupplierOf(amendment.facility, msg.sender, supplier));
        _agreedBySupplier(amendment, amendmentHash(amendment), supplier);
    }

    /// @inheritdoc IServicing
    /// @dev No nonce: an amendment is carried out once, and agreeing twice to one changes nothing.
    function agreeBySignature(Amendment calldata amendment, bytes calldata signature) external {
        address supplier = desk.facility(amendment.facility).terms.supplier;
        bytes32 hash = amendmentHash(amendment);
        bool signed = SignatureChecker.isValidSignatureNowCalldata(supplier, hash, signature);
        require(signed, SignatureInvalid(amendment.financing, supplier));
        require(!_isVoid[hash][supplier], SignatureWithdrawn(hash, supplier));
        _agreedBySupplier(amendment, hash, supplier);
    }

    /// @inheritdoc IServicing
    function withdrawAgreement(bytes32 amendment) external {
        Consent storage consent = _consents[amendment];
        require(!consent.spent, AmendmentSpent(amendment));
        if (consent.bySupplier) {
            address supplier = desk.facility(consent.facility).terms.supplier;
            require(msg.sender == supplier, NotSupplierOf(consent.facility, msg.sender, supplier));
            consent.bySupplier = false;
        }

        _isVoid[amendment][msg.sender] = true;
        emit AmendmentWithdrawn(amendment, msg.sender);
    }

    // By anyone

    /// @inheritdoc IServicing
    function markOverdue(FinancingId id) external returns (uint256 amount) {
        IFinancingDesk.Financing memory its = _broughtIn(id);
        (uint256 due, uint256 days_) = _writeOffDue(its);
        require(due > its.writtenOff, NothingToWriteOff(id, days_, due, its.writtenOff));
        amount = due - its.writtenOff;
        emit OverdueMarked(id, days_, amount);

        desk.writeOff(id, amount);
    }

    /// @inheritdoc IServicing
    function declareDefault(FinancingId id) external {
        IFinancingDesk.Financing memory its = _broughtIn(id);
        (, uint256 graceEndsAt) = desk.maturityOf(id);
        require(block.timestamp >= graceEndsAt, GraceNotOver(id, graceEndsAt, block.timestamp));
        require(desk.owedInAll(id) != 0, NothingOwed(id));

        IFinancingDesk.Facility memory line = desk.facility(its.facility);
        uint256 firstShare = scheduleOf(line.terms.pool)[0].writtenOffBps;
        desk.declareDefault(id, its.principal * firstShare / Rates.BPS);
        if (line.terms.recourse && FinancingId.unwrap(line.recourseTo) == 0) desk.openRecourse(id);
    }

    /// @inheritdoc IServicing
    /// @dev A default that was declared while the seller answered for another financing is called here, once that is paid.
    function callRecourse(FinancingId id) external {
        IFinancingDesk.Financing memory its = _broughtIn(id);
        require(desk.facility(its.facility).terms.recourse, NoRecourse(its.facility));
        if (its.state != IFinancingDesk.State.Defaulted) {
            uint256 owed = desk.owedInAll(id);
            uint256 value = its.collateral.valueOf(id);
            require(owed > value, StillCovered(id, owed, value));
        }

        desk.openRecourse(id);
    }

    /// @inheritdoc IServicing
    /// @dev What is in default is only ever paid: the desk refuses it.
    function closeRecourse(FinancingId id) external {
        IFinancingDesk.Financing memory its = _broughtIn(id);
        uint256 owed = desk.owedInAll(id);
        uint256 value = its.collateral.valueOf(id);
        require(owed <= value, NotCovered(id, owed, value));

        desk.closeRecourse(id);
    }

    // Views

    /// @inheritdoc IServicing
    function scheduleOf(IFundingSource source) public view returns (Step[] memory steps) {
        steps = _schedules[source];
        if (steps.length == 0) steps = _schedules[IFundingSource(address(0))];
    }

    /// @inheritdoc IServicing
    function writeOffDue(FinancingId id) external view returns (uint256 due) {
        (due,) = _writeOffDue(desk.financing(id));
    }

    /// @inheritdoc IServicing
    function amendmentHash(Amendment calldata amendment) public view returns (bytes32) {
        // The amendment's fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(AMENDMENT_TYPE, amendment, _ladderHash(amendment))));
    }

    /// @inheritdoc IServicing
    function consentOf(bytes32 amendment) external view returns (bool bySupplier, bool byOfficer, bool spent) {
        Consent memory consent = _consents[amendment];
        return (consent.bySupplier, consent.byOfficer, consent.spent);
    }

    // Internals

    /// @dev What has been paid on the item and not been handed on counts before anybody is called a debtor in arrears. A
    /// custodian that fails holds nothing up; a caller cannot starve it, because the 1/64 that is left would not do.
    /// @return the financing after that
    function _broughtIn(FinancingId id) private returns (IFinancingDesk.Financing memory) {
        try desk.financing(id).collateral.forward(id) {} catch {}
        return desk.financing(id);
    }

    /// @return due minor units of principal that count as lost by now, rounded down
    /// @return daysOverdue whole days since the end of the day of maturity
    function _writeOffDue(IFinancingDesk.Financing memory its) private view returns (uint256 due, uint256 daysOverdue) {
        uint256 endsAt = _endOf(its.maturityDay);
        if (block.timestamp < endsAt) return (0, 0);
        daysOverdue = (block.timestamp - endsAt) / 1 days;
        Step[] memory steps = scheduleOf(desk.facility(its.facility).terms.pool);
        for (uint256 i = steps.length; i > 0; --i) {
            if (daysOverdue < steps[i - 1].daysOverdue) continue;
            uint256 debt = uint256(its.principal) + its.writtenOff;
            return (debt * steps[i - 1].writtenOffBps / Rates.BPS, daysOverdue);
        }
    }

    /// @return hash of the steps that will hold, as they are now: who changes them afterwards changes what was agreed
    function _ladderHash(Amendment calldata amendment) private view returns (bytes32) {
        if (!_moves(amendment)) return 0;
        ICollateral collateral = desk.financing(amendment.financing).collateral;
        return keccak256(abi.encode(collateral.ladder(amendment.newFacility)));
    }

    function _moves(Amendment calldata amendment) private pure returns (bool) {
        return FacilityId.unwrap(amendment.newFacility) != FacilityId.unwrap(amendment.facility);
    }

    function _agreedBySupplier(Amendment calldata amendment, bytes32 hash, address supplier) private {
        desk.requireActing(amendment.facility);
        (_consents[hash].bySupplier, _consents[hash].facility) = (true, amendment.facility);
        _agreed(amendment, hash, supplier);
    }

    function _agreed(Amendment calldata amendment, bytes32 hash, address by) private {
        Consent memory consent = _consents[hash];
        require(!consent.spent, AmendmentSpent(hash));
        _requireCurrent(amendment);
        emit AmendmentAgreed(amendment.financing, hash, by);
        if (!consent.bySupplier || !consent.byOfficer) return;

        _consents[hash].spent = true;
        emit AmendmentCarriedOut(amendment.financing, hash, amendment.document);

        if (_moves(amendment)) desk.refinance(amendment.financing, amendment.newFacility);
        if (amendment.newMaturityDay != amendment.maturityDay) {
            desk.reschedule(amendment.financing, amendment.newMaturityDay);
        }
    }

    function _requireCurrent(Amendment calldata amendment) private view {
        FinancingId id = amendment.financing;
        require(block.timestamp <= amendment.validUntil, AmendmentExpired(id, amendment.validUntil, block.timestamp));
        IFinancingDesk.Financing memory its = desk.financing(id);
        bool current = FacilityId.unwrap(its.facility) == FacilityId.unwrap(amendment.facility)
            && its.maturityDay == amendment.maturityDay;
        require(current, AmendmentStale(id, its.facility, its.maturityDay));
        uint256 today = block.timestamp / 1 days;
        bool later = amendment.newMaturityDay > today && amendment.newMaturityDay > amendment.maturityDay;
        bool sensible = later || (_moves(amendment) && amendment.newMaturityDay == amendment.maturityDay);
        require(sensible, MaturityInvalid(id, amendment.newMaturityDay, today));
    }

    function _requireRising(IFundingSource source, Step[] memory steps) private pure {
        uint256 count = steps.length;
        require(count != 0 && count <= MOST_STEPS, ScheduleInvalid(source, count));
        uint256 days_;
        uint256 bps;
        for (uint256 i; i < count; ++i) {
            bool rises = steps[i].daysOverdue > days_ && steps[i].writtenOffBps > bps;
            require(rises && steps[i].writtenOffBps <= Rates.BPS, ScheduleInvalid(source, i));
            (days_, bps) = (steps[i].daysOverdue, steps[i].writtenOffBps);
        }
    }

    function _storeSchedule(IFundingSource source, Step[] memory steps) private {
        delete _schedules[source];
        for (uint256 i; i < steps.length; ++i) {
            _schedules[source].push(steps[i]);
        }
        emit ScheduleSet(source, steps);
    }

    function _endOf(uint256 day) private pure returns (uint256) {
        return (day + 1) * 1 days;
    }
}
