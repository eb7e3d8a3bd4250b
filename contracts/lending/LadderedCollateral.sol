// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Ladder, LadderCoder} from "./Ladder.sol";
import {PledgeBook} from "./PledgeBook.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What every kind of collateral with a ladder shares: taking and giving back, ladders, and the base.
abstract contract LadderedCollateral is PledgeBook {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev Partial deliveries that a measured step adds up; a bound on the work of a draw.
    uint32 private constant MOST_DELIVERIES = 8;
    /// @dev A pledge is at least one of so many parts of its item: whoever fills an item's places has pledged a quarter.
    uint256 private constant MOST_PARTS = 64;

    IMilestoneOracle public immutable oracle;
    IParticipantRegistry public immutable registry;

    mapping(bytes32 subject => uint256 itemId) private _itemOf;
    mapping(FacilityId => Ladder) private _ladders;

    constructor(IMilestoneOracle oracle_, IFinancingDesk desk_, address applications_, IParticipantRegistry registry_)
        PledgeBook(desk_, applications_)
    {
        oracle = oracle_;
        registry = registry_;
    }

    // By the desk

    /// @inheritdoc ICollateral
    function setLadder(FacilityId facility, Step[] calldata steps) external onlyDesk {
        require(steps.length != 0 && steps.length <= LadderCoder.MOST_STEPS, LadderInvalid(facility, steps.length));
        uint256 previous;
        for (uint256 i; i < steps.length; ++i) {
            (uint256 milestone, uint256 advanceRateBps) = (steps[i].milestone, steps[i].advanceRateBps);
            bool inOrder = milestone > previous && milestone <= LadderCoder.MOST_MILESTONE;
            require(inOrder && advanceRateBps != 0 && advanceRateBps <= Rates.BPS, LadderInvalid(facility, i));
            previous = milestone;
        }

        _ladders[facility] = LadderCoder.pack(steps);
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
    ) external onlyDesk returns (uint16 maturityDay, IConcentration.Keys memory keys) {
        uint256 previous = _pledges[financing].itemId;
        require(previous == 0, PledgeExists(financing, previous));
        Ladder steps = _ladders[facility];
        require(Ladder.unwrap(steps) != 0, LadderMissing(facility));
        _requireTerms(facility, steps);
        _requireItsSubject(facility, itemId, subject);
        _claimSubject(subject, itemId);
        _useReservation(facility, pledgor, itemId);
        // What came in until now belongs to the pledges that there were.
        _allot(itemId, _items[itemId]);

        (uint256 owed,,,) = _debtOn(itemId);
        _addPledge(financing, Pledge(itemId, units.toUint56(), owed.toUint56(), _flagsFor(itemId), steps, subject, 0));
        emit CollateralTaken(financing, itemId, pledgor, units, subject);

        OrganisationId debtor;
        _join(financing, facility, itemId, poolCash);
        (maturityDay, debtor) = _takeItem(itemId, units, pledgor);
        _allowDesk(IERC20(poolCash));
        keys = _keysOf(debtor, pledgor);
    }

    /// @inheritdoc ICollateral
    function release(FinancingId financing, address to) external onlyDesk {
        uint256 itemId = _pledges[financing].itemId;
        require(itemId != 0, PledgeUnknown(financing));
        _allot(itemId, _items[itemId]);

        (uint256 units, uint256 cash) = _removePledge(financing, itemId);
        emit CollateralReleased(financing, itemId, to, units, cash);

        // Nothing is owed any more, so that what has come in since the last forwarding is the supplier's.
        if (cash != 0) _cashFor(itemId).safeTransfer(to, cash);
        if (_pledges[financing].flags & FOREIGN != 0) _end(financing, to);
        _releaseItem(itemId, units, to);
    }

    /// @inheritdoc ICollateral
    /// @dev A pledge without a ladder is a retired one.
    function retire(FinancingId financing, ICollateral successor, uint256 successorItem, address recipient)
        external
        onlyDesk
    {
        Pledge storage pledge = _pledges[financing];
        uint256 itemId = pledge.itemId;
        require(itemId != 0, PledgeUnknown(financing));

        pledge.ladder = Ladder.wrap(0);
        emit CollateralRetired(financing, itemId, successor, successorItem);

        _retireItem(financing, itemId, recipient);
    }

    // Views

    /// @inheritdoc ICollateral
    function knowsSubjects() external pure virtual returns (bool) {
        return false;
    }

    /// @inheritdoc ICollateral
    function borrowingBase(FinancingId financing) external view returns (uint256) {
        return _baseOf(financing, _pledges[financing].subject);
    }

    /// @inheritdoc ICollateral
    function borrowingBaseOf(FinancingId financing, bytes32 subject) external view returns (uint256) {
        return _baseOf(financing, subject);
    }

    /// @inheritdoc ICollateral
    function valueOf(FinancingId financing) external view returns (uint256 value) {
        Pledge storage pledge = _pledges[financing];
        uint256 word = _wordOf(pledge);
        if (Ladder.unwrap(_ladderIn(word)) == 0) return 0;
        (value,,) = _worthOf(pledge.itemId, word);
        if (_flagsIn(word) & FOREIGN != 0) value = _lastValue(financing, value + pledge.cash);
    }

    /// @inheritdoc ICollateral
    function currencyOf(FinancingId financing) external view returns (IERC20) {
        return _cashFor(_pledges[financing].itemId);
    }

    /// @inheritdoc ICollateral
    function ladder(FacilityId facility) external view returns (Step[] memory) {
        return _ladders[facility].unpack();
    }

    /// @inheritdoc ICollateral
    function ladderOf(FinancingId financing) external view returns (Step[] memory) {
        return _pledges[financing].ladder.unpack();
    }

    // Per kind of collateral

    /// @dev Checks the item and takes it into custody.
    /// @return maturityDay days since 1970-01-01
    /// @return debtor who owes it
    function _takeItem(uint256 itemId, uint256 units, address pledgor)
        internal
        virtual
        returns (uint16 maturityDay, OrganisationId debtor);

    function _releaseItem(uint256 itemId, uint256 units, address to) internal virtual;

    /// @dev Refuses where the item cannot give way, or there is nothing that could go to the recipient.
    function _retireItem(FinancingId financing, uint256 itemId, address recipient) internal virtual;

    /// @dev What is owed on an item now, as its own contract tells.
    /// @return outstanding minor units that are owed on the whole item
    /// @return disputed minor units of these that the debtor objects to
    /// @return quantity of the whole item, thousandths; 0 where it cannot be measured
    /// @return lends whether it may be lent against: accepted and not overdue
    function _debtOn(uint256 itemId)
        internal
        view
        virtual
        returns (uint256 outstanding, uint256 disputed, uint256 quantity, bool lends);

    /// @dev What is in custody of an item now, as its own contract tells.
    /// @param units of the pledge, where it is the item's only one
    /// @param outstanding minor units that are owed on the whole item
    /// @return minor units of its value that are in custody and not paid
    function _heldOf(uint256 itemId, uint256 units, uint256 outstanding) internal view virtual returns (uint256);

    function _cashFor(uint256 itemId) internal view virtual returns (IERC20);

    /// @dev For items that are lent against in one way only.
    function _requireTerms(FacilityId facility, Ladder steps) internal view virtual {}

    /// @dev For items that have a consignment of their own: no other will do.
    function _requireItsSubject(FacilityId facility, uint256 itemId, bytes32 subject) internal view virtual {}

    /// @return what is known of an item as it is taken: flags of a pledge
    function _flagsFor(uint256) internal view virtual returns (uint8) {
        return 0;
    }

    /// @return the part of a matched item's value that order, shipment and receipt agree with, rounded down
    function _matchedPartOf(uint256, bytes32, uint256 value) internal view virtual returns (uint256) {
        return value;
    }

    // Where the pool has another currency: nothing, unless a kind of collateral says otherwise

    /// @return whether what comes in on the financing will be exchanged, as the facility allows
    function _begin(FinancingId financing, FacilityId facility, address itsCash, address poolCash)
        internal
        virtual
        returns (bool)
    {}

    function _end(FinancingId financing, address to) internal virtual {}

    /// @inheritdoc PledgeBook
    function _sell(FinancingId financing, uint256 cash) internal virtual override returns (uint256, uint256) {}

    /// @return minor units of the pool's currency that may be lent on an amount of the item's
    function _lendingValue(FinancingId financing, uint256 amount) internal view virtual returns (uint256) {}

    /// @return minor units of the pool's currency that an amount of the item's is worth, as far as is known
    function _lastValue(FinancingId financing, uint256 amount) internal view virtual returns (uint256) {}

    // Internals

    /// @param value of the whole item, whatever of it is paid, minor units
    function _requireWorthAPlace(uint256 itemId, uint256 units, uint256 value) internal pure {
        uint256 least = Math.ceilDiv(value, MOST_PARTS);
        require(units >= least, PledgeTooSmall(itemId, units, least));
    }

    /// @dev An item that is not known has no currency; it is refused when it is taken.
    function _join(FinancingId financing, FacilityId facility, uint256 itemId, address poolCash) private {
        address cash = address(_cashFor(itemId));
        if (cash == poolCash || cash == address(0)) return;
        require(_begin(financing, facility, cash, poolCash), ItemCurrencyDiffers(itemId, cash, poolCash));
        _pledges[financing].flags |= FOREIGN;
    }

    /// @dev A pledge without a ladder is a retired one.
    function _baseOf(FinancingId financing, bytes32 subject) private view returns (uint256) {
        Pledge storage pledge = _pledges[financing];
        uint256 word = _wordOf(pledge);
        Ladder steps = _ladderIn(word);
        if (Ladder.unwrap(steps) == 0) return 0;
        (uint256 value, uint256 quantity, bool lends) = _worthOf(pledge.itemId, word);
        if (!lends || value == 0) return 0;

        (uint256 advanceRateBps, bool measured, uint256 attested) = _reached(steps, subject);
        uint256 part = measured ? Rounding.proportionDown(value, attested, quantity) : value;
        if (_flagsIn(word) & (MATCHED | FOREIGN) == 0) return Rounding.bpsDown(part, advanceRateBps);
        return _boundBase(financing, _flagsIn(word), value, part, advanceRateBps);
    }

    /// @dev What an order agrees with, and what another currency lends, bound the base of few.
    /// @param value of the pledge, before what was attested
    /// @param part of it that was attested
    function _boundBase(FinancingId financing, uint8 flags, uint256 value, uint256 part, uint256 advanceRateBps)
        private
        view
        returns (uint256)
    {
        if (flags & MATCHED != 0) {
            Pledge storage pledge = _pledges[financing];
            part = Math.min(part, _matchedPartOf(pledge.itemId, pledge.subject, value));
        }
        part = Rounding.bpsDown(part, advanceRateBps);
        return flags & FOREIGN == 0 ? part : _lendingValue(financing, part);
    }

    /// @dev Read once and cut by hand: a draw needs its fields before and after the questions to other contracts, and there
    /// the compiler would read the word anew. The fields lie as they are declared.
    function _wordOf(Pledge storage pledge) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(pledge.slot, 1))
        }
    }

    // The casts below cut off the fields above, which is their purpose.

    function _flagsIn(uint256 word) private pure returns (uint8) {
        return uint8(word >> 112);
    }

    function _ladderIn(uint256 word) private pure returns (Ladder) {
        return Ladder.wrap(uint128(word >> 120));
    }

    /// @dev A pledge that shares its item counts for one minor unit less than its part, rounded up. The next allotment
    /// may round either way, and without that unit it could raise the base at the moment of a bad fact.
    /// @param word of the pledge: see `_wordOf`
    function _worthOf(uint256 itemId, uint256 word) private view returns (uint256 value, uint256 quantity, bool lends) {
        // The casts cut off the fields above, which is their purpose.
        (uint256 units, uint256 owed) = (uint56(word), uint56(word >> 56));
        if (units == 0) return (0, 0, false);
        bool shared = _flagsIn(word) & SHARED != 0;
        uint256 outstanding;
        uint256 disputed;
        (outstanding, disputed, quantity, lends) = _debtOn(itemId);
        // As much is owed as when the units were set: all of them are there, and so are the siblings'.
        if (outstanding == owed) value = shared ? units - 1 : units;
        else value = _partLeft(itemId, units, shared, outstanding);
        if (disputed != 0) value -= Math.ceilDiv(value * disputed, outstanding);
    }

    /// @dev What a payment or a dilution that is not allotted yet leaves of a pledge.
    function _partLeft(uint256 itemId, uint256 units, bool shared, uint256 outstanding) private view returns (uint256) {
        uint256 held = _heldOf(itemId, units, outstanding);
        if (held == 0 || !shared) return held;
        return (held * units - 1) / _items[itemId].units;
    }

    /// @dev The terms of the furthest step whose fact may be used; none where there is none, or where a fact in dispute
    /// stops draws: falling back to an earlier step would let bad news raise the base.
    /// @return advanceRateBps as of the step
    /// @return measured likewise
    /// @return attested thousandths
    function _reached(Ladder steps, bytes32 subject)
        private
        view
        returns (uint256 advanceRateBps, bool measured, uint256 attested)
    {
        IMilestoneOracle.Status status;
        uint256 step;
        if (subject != 0) (step, status, attested) = oracle.furthest(subject, steps.milestones());
        if (status == IMilestoneOracle.Status.None) step = steps.length() - 1;
        uint32 milestone = steps.milestoneAt(step);
        // Not the oracle's to say: the item has been accepted, or it would be worth nothing here.
        bool accepted = milestone == Milestones.ACCEPTED;
        if (!accepted && status != IMilestoneOracle.Status.Final) return (0, false, 0);
        (advanceRateBps, measured) = steps.termsAt(step);
        if (accepted) return (advanceRateBps, measured, type(uint256).max);
        if (measured) attested = _delivered(subject, milestone, attested);
    }

    /// @dev Partial deliveries add up, the first and those after it; nothing counts where one of them is in dispute.
    function _delivered(bytes32 subject, uint32 milestone, uint256 first) private view returns (uint256 attested) {
        attested = first;
        for (uint32 sequence = 2; sequence <= MOST_DELIVERIES; ++sequence) {
            (IMilestoneOracle.Status status, uint256 quantity) = oracle.standing(subject, milestone, sequence);
            if (status == IMilestoneOracle.Status.Disputed) return 0;
            if (status != IMilestoneOracle.Status.Final) return attested;
            attested += quantity;
        }
    }

    /// @dev The same goods never count for two items.
    function _claimSubject(bytes32 subject, uint256 itemId) private {
        if (subject == 0) return;
        uint256 known = _itemOf[subject];
        if (known == itemId) return;
        require(known == 0, SubjectOfOtherItem(subject, itemId, known));

        _itemOf[subject] = itemId;
    }

    function _keysOf(OrganisationId debtor, address pledgor) private view returns (IConcentration.Keys memory) {
        return IConcentration.Keys({
            debtor: debtor,
            sellerGroup: registry.membershipOf(pledgor).group,
            country: registry.organisation(debtor).jurisdiction,
            warehouse: OrganisationId.wrap(0)
        });
    }

    /// @dev The desk takes proceeds from here by allowance, only ever in the call by which this contract tells of them.
    function _allowDesk(IERC20 cash) private {
        if (cash.allowance(address(this), address(desk)) == 0) cash.forceApprove(address(desk), type(uint256).max);
    }
}
