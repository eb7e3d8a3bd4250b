// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rounding} from "../libraries/Rounding.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {IProceedsReceiver} from "../receivables/interfaces/IProceedsReceiver.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Ladder, LadderCoder} from "./Ladder.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What every kind of collateral with a ladder shares: pledges, ladders, the base, and proceeds.
abstract contract LadderedCollateral is ICollateral, IProceedsReceiver, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @param units still in custody, minor units of the item's value
    /// @param ladderId the ladder at the time of the pledge; a later one does not touch it
    struct Pledge {
        uint256 itemId;
        bytes32 subject;
        uint64 units;
        uint64 ladderId;
    }

    /// @dev Partial deliveries that a measured step adds up; a bound on the work of a draw.
    uint32 private constant MOST_DELIVERIES = 8;

    IMilestoneOracle public immutable oracle;
    IFinancingDesk public immutable desk;

    mapping(FinancingId => Pledge) private _pledges;
    mapping(uint256 itemId => FinancingId) public financingOf;
    mapping(bytes32 subject => uint256 itemId) private _itemOf;
    mapping(uint256 ladderId => Ladder) private _ladders;
    mapping(FacilityId => uint64) private _ladderIds;
    uint64 private _ladderCount;

    modifier onlyDesk() {
        require(msg.sender == address(desk), OnlyDesk(msg.sender, address(desk)));
        _;
    }

    constructor(IMilestoneOracle oracle_, IFinancingDesk desk_) {
        oracle = oracle_;
        desk = desk_;
    }

    // By the desk

    /// @inheritdoc ICollateral
    function setLadder(FacilityId facility, Step[] calldata steps) external onlyDesk {
        require(steps.length != 0 && steps.length <= LadderCoder.MOST_STEPS, LadderInvalid(facility, steps.length));
        uint256 previous;
        for (uint256 i; i < steps.length; ++i) {
            uint256 advanceRateBps = steps[i].advanceRateBps;
            bool inOrder = steps[i].milestone > previous;
            require(inOrder && advanceRateBps != 0 && advanceRateBps <= Rates.BPS, LadderInvalid(facility, i));
            previous = steps[i].milestone;
        }

        uint64 id = ++_ladderCount;
        _ladders[id] = LadderCoder.pack(steps);
        _ladderIds[facility] = id;
        emit LadderSet(facility, steps);
    }

    /// @inheritdoc ICollateral
    function take(
        FinancingId financing,
        FacilityId facility,
        address pledgor,
        uint256 itemId,
        uint256 units,
        bytes32 subject,
        address poolCash
    ) external onlyDesk {
        uint64 ladderId = _ladderIds[facility];
        require(ladderId != 0, LadderMissing(facility));
        FinancingId holder = financingOf[itemId];
        require(FinancingId.unwrap(holder) == 0, ItemAlreadyPledged(itemId, holder));
        uint256 known = _itemOf[subject];
        require(known == 0 || known == itemId, SubjectOfOtherItem(subject, itemId, known));

        _pledges[financing] = Pledge(itemId, subject, units.toUint64(), ladderId);
        financingOf[itemId] = financing;
        if (known == 0) _itemOf[subject] = itemId;
        emit CollateralTaken(financing, itemId, pledgor, units, subject);

        _takeItem(itemId, units, pledgor, poolCash);
        _allowDesk(IERC20(poolCash));
    }

    /// @inheritdoc ICollateral
    function release(FinancingId financing, address to) external onlyDesk {
        Pledge storage pledge = _pledges[financing];
        uint256 itemId = pledge.itemId;
        (IERC20 cash, uint256 proceeds) = _gather(pledge);
        uint256 units = pledge.units;

        financingOf[itemId] = FinancingId.wrap(0);
        pledge.units = 0;
        emit CollateralReleased(financing, itemId, to, units);

        // Nothing is owed any more, so that what has come in since the last forwarding is the supplier's.
        if (proceeds != 0) cash.safeTransfer(to, proceeds);
        _releaseItem(itemId, units, to);
    }

    // By anyone

    /// @inheritdoc IProceedsReceiver
    function onProceeds(uint256 itemId) external nonReentrant {
        FinancingId financing = financingOf[itemId];
        require(FinancingId.unwrap(financing) != 0, ItemUnknown(itemId));
        (, uint256 proceeds) = _gather(_pledges[financing]);
        if (proceeds == 0) return;

        (uint256 toPool, uint256 toSupplier) = desk.applyProceeds(financing, proceeds);
        emit ProceedsForwarded(financing, itemId, toPool, toSupplier);
    }

    // Views

    /// @inheritdoc ICollateral
    function borrowingBase(FinancingId financing) external view returns (uint256) {
        Pledge memory pledge = _pledges[financing];
        if (pledge.units == 0) return 0;
        (uint256 value, uint256 quantity) = _valueOf(pledge.itemId, pledge.units);
        if (value == 0) return 0;

        Ladder steps = _ladders[pledge.ladderId];
        for (uint256 i = LadderCoder.MOST_STEPS; i > 0; --i) {
            Step memory step = steps.stepAt(i - 1);
            if (step.milestone == 0) continue;
            (IMilestoneOracle.Status status, uint256 attested) = _standing(pledge.subject, step);
            // A fact in dispute stops draws. Falling back to an earlier step would let bad news raise the base.
            if (status == IMilestoneOracle.Status.Disputed) return 0;
            if (status != IMilestoneOracle.Status.Final) continue;
            if (step.measured) value = Rounding.proportionDown(value, attested, quantity);
            return Rounding.bpsDown(value, step.advanceRateBps);
        }
        return 0;
    }

    /// @inheritdoc ICollateral
    function ladder(FacilityId facility) external view returns (Step[] memory) {
        return _ladders[_ladderIds[facility]].unpack();
    }

    /// @inheritdoc ICollateral
    function ladderOf(FinancingId financing) external view returns (Step[] memory) {
        return _ladders[_pledges[financing].ladderId].unpack();
    }

    /// @inheritdoc ICollateral
    function pledgeOf(FinancingId financing) external view returns (uint256 itemId, bytes32 subject, uint256 units) {
        Pledge storage pledge = _pledges[financing];
        return (pledge.itemId, pledge.subject, pledge.units);
    }

    // Per kind of collateral

    /// @dev Checks the item and takes it into custody.
    function _takeItem(uint256 itemId, uint256 units, address pledgor, address poolCash) internal virtual;

    function _releaseItem(uint256 itemId, uint256 units, address to) internal virtual;

    /// @dev Brings in what has been paid on the item and not yet been forwarded, and lowers the units accordingly.
    function _gather(Pledge storage pledge) internal virtual returns (IERC20 cash, uint256 proceeds);

    /// @return value what the units are good for now, minor units; 0 where the item backs nothing
    /// @return quantity of the whole item, thousandths; 0 where it cannot be measured
    function _valueOf(uint256 itemId, uint256 units) internal view virtual returns (uint256 value, uint256 quantity);

    // Internals

    /// @dev The status of a step's fact, `Final` only where it may be used; the quantities of partial deliveries add up.
    function _standing(bytes32 subject, Step memory step)
        private
        view
        returns (IMilestoneOracle.Status status, uint256 attested)
    {
        // The item has been accepted, or it would be worth nothing here.
        if (step.milestone == Milestones.ACCEPTED) return (IMilestoneOracle.Status.Final, type(uint256).max);
        uint32 deliveries = step.measured ? MOST_DELIVERIES : 1;
        for (uint32 sequence = 1; sequence <= deliveries; ++sequence) {
            (bool usable, uint256 quantity) = oracle.usableFact(subject, step.milestone, sequence);
            if (!usable) return (_unusable(subject, step.milestone, sequence, status), attested);
            status = IMilestoneOracle.Status.Final;
            attested += quantity;
        }
    }

    function _unusable(bytes32 subject, uint32 milestone, uint32 sequence, IMilestoneOracle.Status soFar)
        private
        view
        returns (IMilestoneOracle.Status)
    {
        IMilestoneOracle.Status status = oracle.fact(subject, milestone, sequence).status;
        return status == IMilestoneOracle.Status.Disputed ? status : soFar;
    }

    /// @dev The desk takes proceeds from here by allowance, only ever in the call by which this contract tells of them.
    function _allowDesk(IERC20 cash) private {
        if (cash.allowance(address(this), address(desk)) == 0) cash.forceApprove(address(desk), type(uint256).max);
    }
}
