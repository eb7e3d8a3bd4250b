// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFirstLossReserve} from "./IFirstLossReserve.sol";
import {IFundingSource} from "./IFundingSource.sol";

/// @notice A pool's two classes of lenders. Senior earns a fixed rate and is paid first; junior owns the rest and loses first.
enum Tranche {
    Senior,
    Junior
}

/// @title One pot of lenders' money in one currency, in two tranches.
/// gross = cash + principalOut + accruedIncome; net = gross - impairment. Senior's claim grows at its rate and
/// is capped by the assets; junior owns the rest. Shares are given back at net, and bought at gross and what is still
/// to come: what streams in, and what lenders have lost, as if it came back. So nobody gains by stepping in front of
/// news. Income accrues each second, in aggregate, as W*t - K, one pair per clock.
/// What comes in above book (late fees, recoveries) becomes cash bit by bit over `STREAM_SECONDS`.
/// The token's balance is always cash + setAside + fees + reserve + streaming, and whatever has been donated.
interface ILendingPool is IFundingSource {
    /// @notice What a pool of this kind may stop. Repayments, claims and the closing of epochs cannot be stopped.
    enum Stoppable {
        Draws,
        Deposits
    }

    /// @param cash minor units that lenders own and that are here: lendable; counted, never read from the token
    /// @param principalOut minor units lent and not written off
    /// @param impairment minor units expected to be lost
    /// @param setAside minor units here that redemption claims have been promised; what the claims' rounding leaves
    /// (less than one minor unit a claim) stays in it
    struct Books {
        uint256 cash;
        uint256 principalOut;
        uint256 impairment;
        uint256 setAside;
    }

    /// @param fees minor units here, collected for the operator and not yet taken out
    /// @param reserve minor units here, collected for the first-loss reserve and not yet sent there
    /// @param streaming minor units here, received above book, that do not yet count as assets: they do bit by bit
    /// @param streamEndsAt Unix seconds when all of it will count
    struct Held {
        uint256 fees;
        uint256 reserve;
        uint256 streaming;
        uint256 streamEndsAt;
    }

    /// @notice The two vaults were connected, once and for all.
    event TranchesSet(address indexed senior, address indexed junior);
    /// @notice The first-loss reserve was connected, once and for all.
    event ReserveSet(IFirstLossReserve indexed reserve);
    /// @notice A syndicate may draw from the pool and repay it from now on, as the desk may.
    event SyndicateListed(address indexed syndicate);
    /// @notice The most that lenders may own together from now on, in minor units; `type(uint64).max` lifts the cap.
    event DepositCapSet(uint256 cap);
    /// @notice New risk of one kind is refused until it is resumed.
    event Stopped(Stoppable indexed what);
    /// @notice What was stopped is allowed again.
    event Resumed(Stoppable indexed what);
    /// @notice Money was lent.
    /// @param amount minor units
    event Disbursed(address indexed to, uint256 amount);
    /// @notice Money came in from a financing. The seven amounts, all in minor units, sum to what came in; the shares of
    /// the tranches are a record of the order in which they are paid, and move nothing: each owns its part of the assets.
    /// @param lateFees interest on arrears; counts bit by bit
    /// @param fees for the operator
    /// @param seniorInterest of the interest, up to the interest in senior's claim that no earlier collection has paid
    /// @param seniorPrincipal of the principal, up to the part of senior's principal that cash here did not cover before
    /// @param junior the rest of interest and principal
    /// @param recovered of principal written off earlier; `RecoveryShared` says whose it is
    /// @param reserve for the first-loss reserve
    event Collected(
        uint256 lateFees,
        uint256 fees,
        uint256 seniorInterest,
        uint256 seniorPrincipal,
        uint256 junior,
        uint256 recovered,
        uint256 reserve
    );
    /// @notice A recovery was shared in the reverse order of the losses, in minor units that sum to it.
    /// @param lenders what makes senior whole, then junior: at most what they have lost; counts bit by bit
    /// @param reserve back to the first-loss reserve: at most what it has paid
    /// @param income beyond every loss; counts bit by bit
    event RecoveryShared(uint256 lenders, uint256 reserve, uint256 income);
    /// @notice A loss was taken, in minor units: principal and the interest accrued on it.
    /// @param loss what left the books
    /// @param covered by the first-loss reserve
    /// @param junior borne by junior at the entry assets
    /// @param senior borne by senior at the entry assets
    event LossTaken(uint256 loss, uint256 covered, uint256 junior, uint256 senior);
    /// @notice So much of the lenders' loss will not come back, in minor units: it is no longer in `losses`.
    event LossStruck(uint256 amount);
    /// @notice What is expected to be lost on all financings together, minor units.
    event ImpairmentChanged(uint256 impairment);
    /// @notice An epoch was closed; the two amounts were set aside for claims, in minor units.
    event EpochClosed(uint256 senior, uint256 junior);
    /// @notice The operator took collected fees.
    /// @param amount minor units
    event FeesTaken(address indexed to, uint256 amount);
    /// @notice Money collected for the first-loss reserve went there.
    /// @param amount minor units
    event ReserveSent(uint256 amount);

    /// @notice The caller is neither the desk nor a listed syndicate.
    error OnlyDesk(address caller, address desk);
    /// @notice The caller is no vault of this pool.
    error OnlyVault(address caller);
    /// @notice The vaults have been set before.
    error TranchesAlreadySet(address senior, address junior);
    /// @notice The vaults have not been set yet.
    error TranchesNotSet();
    /// @notice The vault belongs to another pool or tranche.
    error VaultOfOtherPool(address vault, address pool, Tranche tranche);
    /// @notice The reserve has been set before.
    error ReserveAlreadySet(IFirstLossReserve reserve);
    /// @notice There is no first-loss reserve to send to.
    error ReserveNotSet();
    /// @notice The reserve absorbs another pool's losses.
    error ReserveOfOtherPool(IFirstLossReserve reserve, address pool);
    /// @notice A syndicate is an address other than zero.
    error SyndicateZero();
    /// @notice A rate, in bps, above the most that makes sense.
    error RateTooHigh(uint256 bps, uint256 most);
    /// @notice Epochs shorter than this would outrun their counter; both in seconds.
    error EpochTooShort(uint256 epochSeconds, uint256 least);
    /// @notice More is to be lent than may be; both in minor units.
    error LendableTooLow(uint256 amount, uint256 lendable);
    /// @notice More is brought than the tranche takes; both in minor units.
    error AmountTooLarge(uint256 amount, uint256 most);
    /// @notice More is impaired than is out; both in minor units.
    error ImpairmentTooLarge(uint256 impairment, uint256 principalOut);
    /// @notice The impairment that is replaced is more than is booked in all; both in minor units.
    error ImpairmentUnknown(uint256 previous, uint256 booked);
    /// @notice More fees are asked for than have been collected; both in minor units.
    error FeesTooLow(uint256 amount, uint256 collected);
    /// @notice More is to be struck than lenders have lost and not got back; both in minor units.
    error LossTooLow(uint256 amount, uint256 lost);
    /// @notice Nothing has been collected for the reserve.
    error NothingForReserve();
    /// @notice The epoch may not be closed yet; both in Unix seconds.
    error EpochNotOver(uint256 now_, uint256 closableAt);

    /// @notice Connects the two vaults. Governor only, once.
    function setTranches(address senior, address junior) external;
    /// @notice Connects the first-loss reserve. Governor only, once. Until then lenders bear every loss.
    function setReserve(IFirstLossReserve reserve) external;
    /// @notice Lets a syndicate draw and repay as the desk does. Governor only. It cannot be undone, because a syndicate
    /// must always be able to bring money back; `stop(Draws)` stops it with the others.
    /// @dev Warning: a syndicate is trusted with the pool's cash; list only contracts of the network.
    function listSyndicate(address syndicate) external;
    /// @notice Sets the most that lenders may own together (gross). Governor only. A cap below it calls nothing back.
    /// @param cap minor units; `type(uint64).max` lifts it
    function setDepositCap(uint64 cap) external;
    /// @notice Refuses new risk of one kind. Guardian only.
    function stop(Stoppable what) external;
    /// @notice Allows it again. Governor only.
    function resume(Stoppable what) external;
    /// @notice Pays collected fees to the operator's account. Servicer only. Lenders' money is never touched.
    /// @param amount minor units, at most `held().fees`
    function takeFees(address to, uint256 amount) external;
    /// @notice Gives up so much of what lenders have lost, for good: entry no longer pays for it, and what is recovered
    /// beyond the rest goes to the first-loss reserve, then to whoever are lenders then. Servicer only.
    /// @param amount minor units, at most the first of `losses()`
    function strikeLoss(uint256 amount) external;
    /// @notice Sends what has been collected for the first-loss reserve there. Anyone.
    /// @return amount minor units sent
    function sendReserve() external returns (uint256 amount);

    /// @notice Books a lender's deposit that arrives here in the same call. A vault only; its `Deposit` tells of it.
    /// Reverts where it is above `fundable`.
    /// @param assets minor units
    /// @return entry minor units that the tranche's shares were bought at before
    function fund(uint256 assets) external returns (uint256 entry);
    /// @notice Pays a redemption claim out of what has been set aside. A vault only; its `Withdraw` tells of it.
    /// @param assets minor units
    function payClaim(address to, uint256 assets) external;
    /// @notice Pays waiting redemptions and begins the next epoch: senior first; then, where no senior is left waiting,
    /// junior, as far as the subordination floor allows. Anyone, once `epochSeconds` have passed since the last closing.
    /// Cash for claims leaves the lendable cash here. O(1) in the number of lenders.
    function closeEpoch() external;

    /// @return see `Books`; as of now, with what has streamed in until now in `cash`
    function books() external view returns (Books memory);
    /// @return see `Held`; as of now, with what has not streamed in yet in `streaming`
    function held() external view returns (Held memory);
    /// @return minor units that the lenders have lost and not got back, less what has been struck
    /// @return minor units that the first-loss reserve has paid and not got back
    function losses() external view returns (uint256, uint256);
    /// @return minor units of interest earned and not received, both clocks together, rounded down
    function accruedIncome() external view returns (uint256);
    /// @return minor units: senior's principal and its simple interest (actual/360), rounded down, whatever the assets are
    function seniorClaim() external view returns (uint256);
    /// @return zero where there is none
    function reserve() external view returns (IFirstLossReserve);
    /// @return the tranche's vault; zero until it is set
    function vault(Tranche tranche) external view returns (address);
    /// @return the desk that lends the pool's money
    function desk() external view returns (address);
    /// @return whether the syndicate may draw and repay
    function isListed(address syndicate) external view returns (bool);
    /// @return whether new risk of this kind is refused
    function isStopped(Stoppable what) external view returns (bool);
    /// @return minor units that lenders may own together; `type(uint64).max` for no cap
    function depositCap() external view returns (uint256);
    /// @return senior's rate, bps per year, actual/360
    function seniorRateBps() external view returns (uint256);
    /// @return least share of junior in the net assets, bps; 0 for none
    function subordinationFloorBps() external view returns (uint256);
    /// @return least time between two closings, seconds
    function epochSeconds() external view returns (uint256);
    /// @return Unix seconds from which `closeEpoch` may be called
    function closableAt() external view returns (uint256);
    /// @return minor units of lenders' assets before impairment
    function grossAssets() external view returns (uint256);
    /// @return minor units of lenders' assets after impairment
    function netAssets() external view returns (uint256);
    /// @return entry minor units that the tranche's shares are bought at: its part of gross, of what still streams in
    /// and of what lenders have lost
    /// @return exit minor units that they are given back at; never more than `entry`
    function trancheAssets(Tranche tranche) external view returns (uint256 entry, uint256 exit);
    /// @return minor units that may still be deposited into the tranche: counters, deposit cap, pause; for senior the
    /// subordination floor. Nothing for either while the assets do not cover senior's claim, and nothing for junior
    /// while it owns less than lenders have lost, neither recovered nor struck: it would cost more than twice what it owns
    function fundable(Tranche tranche) external view returns (uint256);
}
