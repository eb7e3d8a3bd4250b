// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Rounding} from "../libraries/Rounding.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {IFirstLossReserve} from "./interfaces/IFirstLossReserve.sol";
import {ILendingPool} from "./interfaces/ILendingPool.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A pool's first loss: what the waterfall has collected stands first, what sponsors have deposited next.
/// @dev A loss takes the same fraction of every sponsor's claim, and what restores sponsors gives back the same fraction
/// of what each has lost. Neither changes a sponsor's stake, its claim and its losses together. So a claim is at any time
/// `kept` of what it was plus `restored` of the stake, with two factors that are the same for all: a loss or a recovery
/// touches these two however many sponsors there are, and a deposit or a release touches none.
contract FirstLossReserve is IFirstLossReserve, AccessManaged, ReentrancyGuardTransient {
    using Math for uint256;
    using SafeCast for uint256;
    using SafeERC20 for ICashToken;

    /// @dev All in minor units.
    /// @param stakes of all sponsors: `sponsored`, and what they have lost and not got back
    struct Parts {
        uint128 collected;
        uint128 sponsored;
        uint128 stakes;
    }

    /// @dev What claims have been through since the generation began, with which all of them were nothing or whole.
    /// @param kept of `ONE`, times `STEP` for each step
    /// @param restored of `ONE`
    struct Course {
        uint192 kept;
        uint64 generation;
        uint192 restored;
        uint32 step;
        bool beganWhole;
    }

    /// @dev A sponsor's, as it was when it last came or went; `kept` and what follows say when that was.
    /// @param claim in `PARTS_PER_UNIT` of a minor unit, so that what rounding leaves to nobody is never a minor unit
    /// @param stake minor units
    struct Sponsor {
        uint128 claim;
        uint128 stake;
        uint192 kept;
        uint64 generation;
        uint192 restored;
        uint32 step;
    }

    uint256 private constant PARTS_PER_UNIT = 1e6;
    /// @dev So fine that no sum of money can make a minor unit of one of its parts.
    uint256 private constant ONE = 1e54;
    /// @dev By how much `kept` is blown up where it falls below `LEAST_KEPT`.
    uint256 private constant STEP = 1e18;
    uint256 private constant LEAST_KEPT = 1e36;

    ILendingPool public immutable pool;
    ICashToken public immutable cash;
    IParticipantRegistry public immutable registry;
    uint256 public immutable floorBps;

    Parts private _parts;
    Course private _course;
    mapping(address sponsor => Sponsor) private _sponsors;

    modifier onlyPool() {
        require(msg.sender == address(pool), OnlyPool(msg.sender, address(pool)));
        _;
    }

    constructor(ILendingPool pool_, IParticipantRegistry registry_, uint256 floorBps_, address authority)
        AccessManaged(authority)
    {
        require(floorBps_ <= Rates.BPS, FloorTooHigh(floorBps_, Rates.BPS));
        pool = pool_;
        cash = pool_.cash();
        registry = registry_;
        floorBps = floorBps_;
        _course.kept = uint192(ONE);
    }

    // By the pool

    /// @inheritdoc IFirstLossReserve
    /// @dev The cash goes before the books change, so that a failure leaves them; nothing can come in between. A caller
    /// cannot make the transfer fail by starving it: the 1/64 of the gas that it leaves would not pay for the rest.
    function cover(uint256 loss) external onlyPool nonReentrant returns (uint256 covered) {
        Parts memory parts = _parts;
        covered = Math.min(loss, uint256(parts.collected) + parts.sponsored);
        if (covered != 0 && !cash.trySafeTransfer(address(pool), covered)) covered = 0;

        uint256 first = Math.min(covered, parts.collected);
        // The cast is safe: no more is taken than there is.
        _parts.collected = uint128(parts.collected - first);
        if (covered != first) _takeFromSponsors(parts.sponsored, covered - first);
        emit LossCovered(loss, covered);
    }

    /// @inheritdoc IFirstLossReserve
    function topUp(uint256 amount) external onlyPool {
        uint256 back = Math.min(amount, lostBySponsors());
        _parts.collected = (_parts.collected + amount - back).toUint128();
        emit ReserveFunded(msg.sender, amount);
        if (back != 0) _restoreSponsors(back);
    }

    // By sponsors

    /// @inheritdoc IFirstLossReserve
    function deposit(uint256 amount) external nonReentrant {
        require(amount != 0, ReserveAmountZero());
        registry.requireAdmitted(msg.sender, msg.sender);

        uint256 claim = _bringUpToDate(msg.sender);
        _setClaim(msg.sender, claim + amount * PARTS_PER_UNIT, _sponsors[msg.sender].stake + amount);
        _setSponsored(_parts.sponsored + amount, _parts.stakes + amount);
        emit ReserveFunded(msg.sender, amount);

        cash.safeTransferFrom(msg.sender, address(this), amount);
    }

    // By the servicer

    /// @inheritdoc IFirstLossReserve
    function release(address to, uint256 amount) external restricted nonReentrant {
        require(amount != 0, ReserveAmountZero());
        uint256 claim = claimOf(to);
        require(amount <= claim, ClaimTooLow(to, amount, claim));
        uint256 most = releasable();
        require(amount <= most, BelowFloor(amount, most));

        claim = _bringUpToDate(to);
        _setClaim(to, claim - amount * PARTS_PER_UNIT, _sponsors[to].stake - amount);
        _setSponsored(_parts.sponsored - amount, _parts.stakes - amount);
        emit ReserveReleased(to, amount);

        cash.safeTransfer(to, amount);
    }

    /// @inheritdoc IFirstLossReserve
    function releaseSurplus(address to, uint256 amount) external restricted nonReentrant {
        require(amount != 0, ReserveAmountZero());
        registry.requireRole(to, Roles.NETWORK);
        uint256 most = surplus();
        require(amount <= most, BelowFloor(amount, most));

        // The cast is safe: the surplus is at most what has been collected.
        _parts.collected -= uint128(amount);
        emit SurplusReleased(to, amount);

        cash.safeTransfer(to, amount);
    }

    // Views

    /// @inheritdoc IFirstLossReserve
    function held() public view returns (uint256) {
        return uint256(_parts.collected) + _parts.sponsored;
    }

    /// @inheritdoc IFirstLossReserve
    function collected() external view returns (uint256) {
        return _parts.collected;
    }

    /// @inheritdoc IFirstLossReserve
    function sponsored() external view returns (uint256) {
        return _parts.sponsored;
    }

    /// @inheritdoc IFirstLossReserve
    function claimOf(address sponsor) public view returns (uint256) {
        return _claimNow(_sponsors[sponsor]) / PARTS_PER_UNIT;
    }

    /// @inheritdoc IFirstLossReserve
    function stakeOf(address sponsor) external view returns (uint256) {
        return _sponsors[sponsor].stake;
    }

    /// @inheritdoc IFirstLossReserve
    function lostBySponsors() public view returns (uint256) {
        return _parts.stakes - _parts.sponsored;
    }

    /// @inheritdoc IFirstLossReserve
    function floor() public view returns (uint256) {
        return Rounding.bpsUp(pool.books().principalOut, floorBps);
    }

    /// @inheritdoc IFirstLossReserve
    function releasable() public view returns (uint256) {
        return held().saturatingSub(floor());
    }

    /// @inheritdoc IFirstLossReserve
    function surplus() public view returns (uint256) {
        return uint256(_parts.collected).saturatingSub(floor());
    }

    // Internals

    /// @dev Every claim loses the same fraction, of what it has kept and of what was restored to it.
    function _takeFromSponsors(uint256 sponsored_, uint256 loss) private {
        uint256 left = sponsored_ - loss;
        _setCourse(uint256(_course.kept).mulDiv(left, sponsored_), uint256(_course.restored).mulDiv(left, sponsored_));
        _parts.sponsored = left.toUint128();
    }

    /// @dev Every sponsor gets back the same fraction of what it has lost, which is its stake less its claim.
    function _restoreSponsors(uint256 amount) private {
        uint256 lost = lostBySponsors();
        uint256 left = lost - amount;
        uint256 restored = uint256(_course.restored).mulDiv(left, lost) + ONE.mulDiv(amount, lost);
        _setCourse(uint256(_course.kept).mulDiv(left, lost), restored);
        _parts.sponsored = (_parts.sponsored + amount).toUint128();
        emit SponsorsRestored(amount, left);
    }

    /// @dev Where nothing is kept, all claims are the same fraction of their stakes, nothing or all: a new generation.
    function _setCourse(uint256 kept, uint256 restored) private {
        Course memory course = _course;
        if (kept == 0) {
            (course.generation, course.step, course.beganWhole) = (course.generation + 1, 0, restored != 0);
            (kept, restored) = (ONE, 0);
        } else if (kept < LEAST_KEPT) {
            (kept, course.step) = (kept * STEP, course.step + 1);
        }
        // Both casts are safe: neither is above `ONE`.
        (course.kept, course.restored) = (uint192(kept), uint192(restored));
        _course = course;
    }

    /// @return claim of the sponsor now, in `PARTS_PER_UNIT` of a minor unit
    function _bringUpToDate(address account) private returns (uint256 claim) {
        Sponsor storage sponsor = _sponsors[account];
        claim = _claimNow(sponsor);
        (sponsor.kept, sponsor.generation) = (_course.kept, _course.generation);
        (sponsor.restored, sponsor.step) = (_course.restored, _course.step);
    }

    function _setClaim(address account, uint256 claim, uint256 stake) private {
        (_sponsors[account].claim, _sponsors[account].stake) = (claim.toUint128(), stake.toUint128());
    }

    function _setSponsored(uint256 sponsored_, uint256 stakes) private {
        (_parts.sponsored, _parts.stakes) = (sponsored_.toUint128(), stakes.toUint128());
    }

    /// @dev Rounded down. What had been restored when the sponsor last came is in its claim then; what is kept of it is
    /// therefore taken off. Two steps ago or more, nothing that was there then makes a minor unit now.
    /// @return in `PARTS_PER_UNIT` of a minor unit
    function _claimNow(Sponsor memory its) private view returns (uint256) {
        Course memory course = _course;
        uint256 stake = uint256(its.stake) * PARTS_PER_UNIT;
        if (stake == 0) return 0;
        if (its.generation != course.generation) {
            (its.claim, its.kept, its.restored, its.step) =
            (course.beganWhole ? stake.toUint128() : 0, uint192(ONE), 0, 0);
        }
        uint256 kept = course.step - its.step < 2 ? course.kept : 0;
        uint256 base = course.step == its.step ? its.kept : uint256(its.kept) * STEP;
        uint256 before = uint256(its.restored).mulDiv(kept, base, Math.Rounding.Ceil);
        uint256 restored = stake.mulDiv(uint256(course.restored).saturatingSub(before), ONE);
        return Math.min(stake, uint256(its.claim).mulDiv(kept, base) + restored);
    }
}
