// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memberships} from "../access/Memberships.sol";
import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Accrual} from "../libraries/Accrual.sol";
import {DayCounts} from "../libraries/DayCounts.sol";
import {FacilityId, FinancingId, OrganisationId} from "../types/Ids.sol";
import {DayCount} from "../types/Rates.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IDrawPurposes} from "./interfaces/IDrawPurposes.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The lines that have been granted, and what is left and due of them.
abstract contract FacilityBook is AccessManaged {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @notice What a draw reads of a facility's terms. One word.
    struct Line {
        address supplier;
        uint48 limit;
        uint16 discountRateBps;
        uint16 feeBps;
        uint16 reserveBps;
    }

    /// @notice What a draw reads and writes. One word.
    /// @param flags REVOLVING, COMMITTED, CLAIMED, EARMARKED: what a draw or a repayment would otherwise read a third word for
    struct Usage {
        IFundingSource pool;
        uint48 drawn;
        uint32 expiresAt;
        DayCount dayCount;
        uint8 flags;
    }

    /// @notice What only arrears, recourse and committed facilities need. One word.
    /// @param committedAt seconds on the facility's clock until which the committed fee has been counted
    /// @param committedNumerator committed fee counted and not charged, times `Rates.INTEREST_DENOMINATOR`
    struct Covenants {
        uint16 lateFeeBps;
        uint16 committedFeeBps;
        uint8 graceDays;
        bool recourse;
        FinancingId recourseTo;
        uint40 committedAt;
        uint104 committedNumerator;
    }

    struct FacilityRecord {
        Line line;
        Usage usage;
        Covenants covenants;
    }

    /// @dev Repaid principal frees the limit.
    uint8 internal constant REVOLVING = 1;
    /// @dev A fee is due on the undrawn limit.
    uint8 internal constant COMMITTED = 2;
    /// @dev A financing is under recourse: nothing is drawn.
    uint8 internal constant CLAIMED = 4;
    /// @dev What is drawn goes to its purpose, not to the supplier.
    uint8 internal constant EARMARKED = 8;

    IParticipantRegistry public immutable registry;

    mapping(FacilityId => FacilityRecord) internal _facilities;
    mapping(IFundingSource => bool) internal _isPoolListed;
    mapping(ICollateral => bool) internal _isCollateralListed;
    mapping(IFinancingDesk.Stoppable => bool) internal _isStopped;
    uint256 internal _facilityCount;
    address internal _servicing;
    address internal _applications;
    IDrawPurposes internal _purposes;
    /// @dev Whose line it is, whatever becomes of the account.
    mapping(FacilityId => OrganisationId) internal _organisationOf;

    constructor(IParticipantRegistry registry_) {
        registry = registry_;
    }

    // Internals: reading

    function _usageOf(FacilityRecord storage its) internal view returns (Usage memory usage) {
        _fillUsage(usage, its);
    }

    /// @dev One storage read; see `FinancingBook._fill`. The casts cut off the fields above, which is their purpose.
    function _fillLine(Line memory line, FacilityRecord storage its) internal view {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(its.slot)
        }
        line.supplier = address(uint160(word));
        line.limit = uint48(word >> 160);
        line.discountRateBps = uint16(word >> 208);
        line.feeBps = uint16(word >> 224);
        line.reserveBps = uint16(word >> 240);
    }

    /// @dev One storage read; see `FinancingBook._fill`. The casts cut off the fields above, which is their purpose.
    function _fillUsage(Usage memory usage, FacilityRecord storage its) internal view {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(add(its.slot, 1))
        }
        usage.pool = IFundingSource(address(uint160(word)));
        usage.drawn = uint48(word >> 160);
        usage.expiresAt = uint32(word >> 208);
        usage.dayCount = DayCount(uint8(word >> 240));
        usage.flags = uint8(word >> 248);
    }

    // Internals: the committed fee

    /// @return exact committed fee until now, times `Rates.INTEREST_DENOMINATOR`
    function _commitment(FacilityRecord storage its) internal view returns (uint256) {
        (Usage memory usage, Covenants memory covenants) = (_usageOf(its), its.covenants);
        uint256 until = DayCounts.clock(usage.dayCount, Math.min(block.timestamp, usage.expiresAt));
        uint256 limit = its.line.limit;
        if (usage.flags & COMMITTED == 0 || until <= covenants.committedAt || limit <= usage.drawn) {
            return covenants.committedNumerator;
        }
        uint256 weight = Accrual.weightOf(limit - usage.drawn, covenants.committedFeeBps, usage.dayCount);
        return covenants.committedNumerator + weight * (until - covenants.committedAt);
    }

    /// @dev Before anything changes on which the fee depends.
    function _countCommitment(FacilityRecord storage its) internal {
        _setCommitment(its, _commitment(its));
    }

    /// @dev A payment of the rounded-up fee settles the exact one.
    function _settleCommitment(FacilityRecord storage its) internal returns (uint256 due) {
        due = Accrual.interestUp(_commitment(its));
        _setCommitment(its, 0);
    }

    /// @dev Takes what is due from the caller, by allowance.
    /// @return amount minor units, 0 where nothing is due
    function _collectCommitment(FacilityId id, FacilityRecord storage its) internal returns (uint256 amount) {
        amount = _settleCommitment(its);
        if (amount == 0) return 0;
        emit IFinancingDesk.CommitmentFeePaid(id, msg.sender, amount);

        IFundingSource.Receipt memory receipt;
        (receipt.fees, receipt.dayCount) = (amount, its.usage.dayCount);
        IFundingSource pool = its.usage.pool;
        IERC20(pool.cash()).safeTransferFrom(msg.sender, address(pool), amount);
        pool.collect(receipt);
    }

    function _setCommitment(FacilityRecord storage its, uint256 numerator) private {
        its.covenants.committedNumerator = numerator.toUint104();
        its.covenants.committedAt = uint40(DayCounts.clock(its.usage.dayCount, block.timestamp));
    }

    // Internals: recourse

    function _holdTo(FacilityRecord storage its, FinancingId financing_) internal {
        bool claimed = FinancingId.unwrap(financing_) != 0;
        its.covenants.recourseTo = financing_;
        its.usage.flags = claimed ? its.usage.flags | CLAIMED : its.usage.flags & ~CLAIMED;
    }

    // Internals: checks

    function _known(FacilityId id) internal view returns (FacilityRecord storage record) {
        record = _facilities[id];
        require(record.line.supplier != address(0), IFinancingDesk.FacilityUnknown(id));
    }

    /// @dev What brings new risk: an opening, or a financing from another facility.
    function _requireOpening(FacilityId id, Usage memory usage) internal view {
        require(
            !_isStopped[IFinancingDesk.Stoppable.Opening], IFinancingDesk.IsStopped(IFinancingDesk.Stoppable.Opening)
        );
        require(block.timestamp < usage.expiresAt, IFinancingDesk.FacilityExpired(id, usage.expiresAt, block.timestamp));
        require(_isPoolListed[usage.pool], IFinancingDesk.PoolUnlisted(usage.pool));
    }

    /// @dev Whoever acts for a facility may act, and is still of the organisation that it was granted to.
    function _requireActing(FacilityId id, address account) internal view {
        uint256 member = Memberships.lookUp(registry, account);
        // The registry says why not.
        if (!Memberships.isActive(member)) registry.requireAdmitted(account, account);
        (OrganisationId found, OrganisationId needed) = (Memberships.organisationOf(member), _organisationOf[id]);
        require(found == needed, IFinancingDesk.AccountNotOfSupplier(id, account, found, needed));
    }

    /// @dev As the next, for who has read the usage already: its flag says whether there is a claim to read.
    function _requireUnclaimed(FacilityId id, Usage memory usage) internal view {
        if (usage.flags & CLAIMED != 0) _requireNoRecourse(id, _facilities[id]);
    }

    function _requireNoRecourse(FacilityId id, FacilityRecord storage its) internal view {
        FinancingId recourseTo = its.covenants.recourseTo;
        require(FinancingId.unwrap(recourseTo) == 0, IFinancingDesk.RecourseIsOpen(id, recourseTo));
    }
}
