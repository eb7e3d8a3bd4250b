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
/// @dev A loss touches two counters however many sponsors there are: it makes every share worth less. A share is never
/// worth more than when the first was bought, because nothing but deposits ever comes in for it.
contract FirstLossReserve is IFirstLossReserve, AccessManaged, ReentrancyGuardTransient {
    using Math for uint256;
    using SafeCast for uint256;
    using SafeERC20 for ICashToken;

    /// @dev Both parts in minor units.
    struct Parts {
        uint128 collected;
        uint128 sponsored;
    }

    /// @dev Shares of another generation than the present one are void.
    struct Shares {
        uint192 amount;
        uint64 generation;
    }

    /// @dev What one minor unit buys at first: so fine that what rounding gives to others is never a minor unit.
    uint256 private constant FIRST_SHARES_PER_UNIT = 1e6;
    /// @dev Shares for one minor unit above which the sponsors' money counts as used up. It bounds their number.
    uint256 private constant MOST_SHARES_PER_UNIT = 1e12;

    ILendingPool public immutable pool;
    ICashToken public immutable cash;
    IParticipantRegistry public immutable registry;
    uint256 public immutable floorBps;

    Parts private _parts;
    /// @dev All shares of the present generation.
    Shares private _total;
    mapping(address sponsor => Shares) private _sharesOf;

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
        _absorb(parts.collected - first, parts.sponsored - (covered - first));
        emit LossCovered(loss, covered);
    }

    /// @inheritdoc IFirstLossReserve
    function topUp(uint256 amount) external onlyPool {
        _parts.collected = (_parts.collected + amount).toUint128();
        emit ReserveFunded(msg.sender, amount);
    }

    // By sponsors

    /// @inheritdoc IFirstLossReserve
    function deposit(uint256 amount) external nonReentrant {
        require(amount != 0, ReserveAmountZero());
        registry.requireAdmitted(msg.sender, msg.sender);

        uint256 bought =
            _total.amount == 0 ? amount * FIRST_SHARES_PER_UNIT : amount.mulDiv(_total.amount, _parts.sponsored);
        _setShares(msg.sender, _sharesHeldBy(msg.sender) + bought, _total.amount + bought);
        _parts.sponsored = (_parts.sponsored + amount).toUint128();
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

        uint256 sponsored_ = _parts.sponsored;
        uint256 given = amount.mulDiv(_total.amount, sponsored_, Math.Rounding.Ceil);
        _setShares(to, _sharesHeldBy(to) - given, _total.amount - given);
        _absorb(_parts.collected, sponsored_ - amount);
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
        uint256 shares = _sharesHeldBy(sponsor);
        return shares == 0 ? 0 : shares.mulDiv(_parts.sponsored, _total.amount);
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

    /// @dev Books what is left of both parts. Where the sponsors' is used up, a new generation of shares begins.
    function _absorb(uint256 collected_, uint256 sponsored_) private {
        Shares memory total = _total;
        if (total.amount != 0 && sponsored_ * MOST_SHARES_PER_UNIT < total.amount) {
            _total = Shares(0, total.generation + 1);
            emit SponsorsExhausted(sponsored_);
            (collected_, sponsored_) = (collected_ + sponsored_, 0);
        }
        _parts = Parts(collected_.toUint128(), sponsored_.toUint128());
    }

    function _setShares(address sponsor, uint256 its, uint256 all) private {
        uint64 generation = _total.generation;
        _sharesOf[sponsor] = Shares(its.toUint192(), generation);
        _total.amount = all.toUint192();
    }

    function _sharesHeldBy(address sponsor) private view returns (uint256) {
        Shares memory its = _sharesOf[sponsor];
        return its.generation == _total.generation ? its.amount : 0;
    }
}
