// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParkedPayouts} from "../../libraries/ParkedPayouts.sol";
import {IMilestoneConsumer} from "../../oracle/interfaces/IMilestoneConsumer.sol";
import {FacilityId, FinancingId} from "../../types/Ids.sol";
import {ICollateral} from "./ICollateral.sol";
import {ILendingPool} from "./ILendingPool.sol";

/// @title Facilities, financings, draws and repayments. A financing is principal backed by a borrowing base; facts move
/// the base, and the base moves cash. Never at a draw: principal + accrued > base, or drawn > limit.
interface IFinancingDesk is IMilestoneConsumer, IParkedPayouts {
    enum State {
        None,
        Open,
        Repaid,
        Released
    }

    /// @param supplier account that may draw, and to which draws are paid
    /// @param limit most principal out at once over all its financings, minor units
    /// @param discountRateBps per year, actual/360; 900 = 9 %
    /// @param feeBps flat, of each draw; collected first out of what comes back
    /// @param expiresAt Unix seconds from which nothing more is opened or drawn
    struct FacilityTerms {
        address supplier;
        ILendingPool pool;
        uint64 limit;
        uint16 discountRateBps;
        uint16 feeBps;
        uint40 expiresAt;
    }

    struct Facility {
        address supplier;
        ILendingPool pool;
        uint64 limit;
        uint64 drawn;
        uint16 discountRateBps;
        uint16 feeBps;
        uint40 expiresAt;
    }

    /// @param principal minor units out
    /// @param feesDue minor units of fees charged and not yet collected
    /// @param accruedNumerator interest accrued until `accruedAt` and unpaid, times `Rates.INTEREST_DENOMINATOR`
    /// @param impairment minor units that the credit officer expects to lose
    struct Financing {
        FacilityId facility;
        State state;
        uint40 accruedAt;
        uint64 principal;
        uint64 feesDue;
        uint64 impairment;
        uint128 accruedNumerator;
        ICollateral collateral;
        uint256 itemId;
        bytes32 subject;
    }

    /// @param listed whether new facilities and financings may use the pool
    event PoolListed(ILendingPool indexed pool, bool listed);
    /// @param listed whether new financings may use the adapter
    event CollateralListed(ICollateral indexed collateral, bool listed);
    /// @notice A line was granted; terms as in `FacilityTerms` (minor units, bps per year, bps of a draw, Unix
    /// seconds).
    event FacilityOpened(
        FacilityId indexed facility,
        address indexed supplier,
        ILendingPool indexed pool,
        uint64 limit,
        uint16 discountRateBps,
        uint16 feeBps,
        uint40 expiresAt
    );
    /// @notice An item was pledged under a facility.
    /// @param units part of the item, in minor units of its value
    event FinancingOpened(
        FinancingId indexed financing,
        FacilityId indexed facility,
        ICollateral indexed collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    );
    /// @notice Money went to the supplier; all amounts in minor units.
    /// @param amount what the payee receives
    /// @param fee charged on top, collected first out of what comes back
    /// @param base what the collateral supported at this moment
    /// @param principal out after the draw
    event Drawn(
        FinancingId indexed financing,
        FacilityId indexed facility,
        address indexed payee,
        uint256 amount,
        uint256 fee,
        uint256 base,
        uint256 principal
    );
    /// @notice More could be drawn, but the pool has not enough cash; anyone may poke again.
    /// @param wanted minor units that base and limit leave room for
    /// @param cash minor units that the pool can lend now
    event DrawDeferred(FinancingId indexed financing, uint256 wanted, uint256 cash);
    /// @notice Money came back and was shared out, in minor units.
    /// @param fees collected first, then interest, then principal; the rest is the supplier's
    /// @param residual the supplier's rest
    /// @param stillOwed fees, interest and principal left
    event Repaid(
        FinancingId indexed financing,
        address indexed payer,
        uint256 fees,
        uint256 interest,
        uint256 principal,
        uint256 residual,
        uint256 stillOwed
    );
    /// @param impairment minor units expected to be lost on this financing, the new total
    event ImpairmentSet(FinancingId indexed financing, uint256 impairment);
    /// @notice Nothing was owed and the collateral went back.
    event FinancingClosed(FinancingId indexed financing);

    /// @notice No facility has this number.
    error FacilityUnknown(FacilityId facility);
    /// @notice The limit is zero or above the most that can be booked; both in minor units.
    error FacilityLimitOutOfRange(address supplier, uint256 limit, uint256 most);
    /// @notice The discount rate, bps per year, is above 100 %.
    error DiscountRateTooHigh(address supplier, uint256 discountRateBps, uint256 mostBps);
    /// @notice The fee, bps of each draw, is above 100 %.
    error FeeTooHigh(address supplier, uint256 feeBps, uint256 mostBps);
    /// @notice The facility would end now or in the past; both in Unix seconds.
    error FacilityEndInPast(address supplier, uint256 expiresAt, uint256 now_);
    /// @notice The facility ended at or before the block's time; both in Unix seconds.
    error FacilityExpired(FacilityId facility, uint256 expiresAt, uint256 now_);
    /// @notice The caller is not the account that the facility was granted to.
    error NotSupplierOf(FacilityId facility, address caller, address supplier);
    /// @notice The adapter is not admitted.
    error CollateralUnlisted(ICollateral collateral);
    /// @notice The pool is not admitted.
    error PoolUnlisted(ILendingPool pool);
    /// @notice No financing has this number.
    error FinancingUnknown(FinancingId financing);
    /// @notice The financing is not in the state that the call needs.
    error FinancingStateWrong(FinancingId financing, State state, State needed);
    /// @notice The consignment was opened by another group than the supplier's (group 0: not opened at all).
    error SubjectNotOfSupplier(bytes32 subject, uint256 beneficiary, uint256 supplierGroup);
    /// @notice Collateral cannot go back while fees, interest or principal, `owed` minor units, are left.
    error StillOwed(FinancingId financing, uint256 owed);
    /// @notice The amount is zero, or nothing is owed.
    error RepaymentZero(FinancingId financing);
    /// @notice More is repaid than fees, interest and principal come to; both in minor units.
    error RepaymentExceedsOwed(FinancingId financing, uint256 amount, uint256 owed);
    /// @notice The caller is not the adapter that keeps the financing's collateral.
    error OnlyCollateralOf(FinancingId financing, address caller, address collateral);
    /// @notice The caller is not the milestone oracle.
    error OnlyOracle(address caller, address oracle);
    /// @notice More loss is expected than there is principal out; both in minor units.
    error ImpairmentExceedsPrincipal(FinancingId financing, uint256 impairment, uint256 principal);

    /// @notice Admits a pool for new facilities and financings; open ones run off. Governor only.
    /// @param listed false takes the admission back
    function listPool(ILendingPool pool, bool listed) external;

    /// @notice Admits a collateral adapter for new financings; open ones run off. Governor only.
    /// @param listed false takes the admission back
    function listCollateral(ICollateral collateral, bool listed) external;

    /// @notice Grants a line to a supplier. Credit officer only.
    /// @return number of the new facility
    function openFacility(FacilityTerms calldata terms) external returns (FacilityId);

    /// @notice Sets a facility's ladder for one kind of collateral. Credit officer only.
    /// @param steps 1 to 4, in the order in which they are reached
    function setLadder(FacilityId facility, ICollateral collateral, ICollateral.Step[] calldata steps) external;

    /// @notice Pledges an item and opens a financing on it; draws at once what the base already allows. Supplier only.
    /// @param itemId receivable or order
    /// @param units part of the item, in minor units of its value
    /// @param subject consignment whose facts move the base; opened by the supplier's group, watched by nobody yet
    function openFinancing(FacilityId facility, ICollateral collateral, uint256 itemId, uint256 units, bytes32 subject)
        external
        returns (FinancingId);

    /// @notice Does what the state now allows: draws what base, limit and cash leave room for. Anyone may call it, as
    /// often as they like, to the same end as the oracle's callback.
    /// @return drawn minor units paid out by this call
    function poke(FinancingId financing) external returns (uint256 drawn);

    /// @notice Repays out of the caller's cash, by allowance; anyone may. What is repaid so is not drawn again.
    /// @param amount minor units, at most what is owed; the greatest uint256 stands for all that is owed
    function repay(FinancingId financing, uint256 amount) external;

    /// @notice Splits proceeds that the financing's custodian holds: cash moves from the custodian to the pool and to
    /// the supplier by the waterfall. The custodian only.
    /// @param amount minor units that the custodian holds and allows the desk to take
    /// @return toPool fees, interest and principal paid, minor units
    /// @return toSupplier the rest, minor units
    function applyProceeds(FinancingId financing, uint256 amount) external returns (uint256 toPool, uint256 toSupplier);

    /// @notice Gives the rest of the collateral back to the supplier once nothing is owed. Supplier only.
    function release(FinancingId financing) external;

    /// @notice Books an expected loss, which lowers the exit price at once; while there is one, nothing more is drawn.
    /// Credit officer only.
    /// @param impairment minor units, at most the principal out
    function setImpairment(FinancingId financing, uint256 impairment) external;

    /// @return the facility's terms and what is drawn of its limit; reverts where there is none
    function facility(FacilityId id) external view returns (Facility memory);
    /// @return the financing's record, interest as of `accruedAt`; reverts where there is none
    function financing(FinancingId id) external view returns (Financing memory);
    /// @return the financing whose base the consignment moves now; 0 for none
    function financingOf(bytes32 subject) external view returns (FinancingId);
    /// @return fees minor units charged and not yet collected
    /// @return interest minor units accrued until now, rounded up
    /// @return principal minor units out
    function owed(FinancingId id) external view returns (uint256 fees, uint256 interest, uint256 principal);
    /// @return base what the collateral supports
    /// @return available what a poke would draw now
    function availability(FinancingId id) external view returns (uint256 base, uint256 available);
    /// @return minor units repaid otherwise than out of the collateral, which are not drawn again
    function repaidAhead(FinancingId id) external view returns (uint256);
}
