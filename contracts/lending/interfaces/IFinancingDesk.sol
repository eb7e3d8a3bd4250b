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

    event PoolListed(ILendingPool indexed pool, bool listed);
    event CollateralListed(ICollateral indexed collateral, bool listed);
    event FacilityOpened(
        FacilityId indexed facility,
        address indexed supplier,
        ILendingPool indexed pool,
        uint64 limit,
        uint16 discountRateBps,
        uint16 feeBps,
        uint40 expiresAt
    );
    event FinancingOpened(
        FinancingId indexed financing,
        FacilityId indexed facility,
        ICollateral indexed collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    );
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
    event DrawDeferred(FinancingId indexed financing, uint256 wanted, uint256 cash);
    /// @param fees collected first, then interest, then principal; the rest is the supplier's
    event Repaid(
        FinancingId indexed financing,
        address indexed payer,
        uint256 fees,
        uint256 interest,
        uint256 principal,
        uint256 residual,
        uint256 stillOwed
    );
    event ImpairmentSet(FinancingId indexed financing, uint256 impairment);
    event FinancingClosed(FinancingId indexed financing);

    error FacilityUnknown(FacilityId facility);
    /// @notice The limit is zero or above the most that can be booked; both in minor units.
    error FacilityLimitOutOfRange(address supplier, uint256 limit, uint256 most);
    /// @notice The discount rate, bps per year, is above 100 %.
    error DiscountRateTooHigh(address supplier, uint256 discountRateBps, uint256 mostBps);
    /// @notice The fee, bps of each draw, is above 100 %.
    error FeeTooHigh(address supplier, uint256 feeBps, uint256 mostBps);
    /// @notice The facility would end now or in the past; both in Unix seconds.
    error FacilityEndInPast(address supplier, uint256 expiresAt, uint256 now_);
    error FacilityExpired(FacilityId facility, uint256 expiresAt, uint256 now_);
    error NotSupplierOf(FacilityId facility, address caller, address supplier);
    error CollateralUnlisted(ICollateral collateral);
    error PoolUnlisted(ILendingPool pool);
    error FinancingUnknown(FinancingId financing);
    error FinancingStateWrong(FinancingId financing, State state, State needed);
    error SubjectNotOfSupplier(bytes32 subject, uint256 beneficiary, uint256 supplierGroup);
    error StillOwed(FinancingId financing, uint256 owed);
    error RepaymentZero(FinancingId financing);
    error RepaymentExceedsOwed(FinancingId financing, uint256 amount, uint256 owed);
    error OnlyCollateralOf(FinancingId financing, address caller, address collateral);
    error OnlyOracle(address caller, address oracle);
    error ImpairmentExceedsPrincipal(FinancingId financing, uint256 impairment, uint256 principal);

    /// @notice Admits a pool for new facilities and financings; open ones run off. Governor only.
    function listPool(ILendingPool pool, bool listed) external;

    /// @notice Admits a collateral adapter for new financings; open ones run off. Governor only.
    function listCollateral(ICollateral collateral, bool listed) external;

    /// @notice Grants a line to a supplier. Credit officer only.
    function openFacility(FacilityTerms calldata terms) external returns (FacilityId);

    /// @notice Sets a facility's ladder for one kind of collateral. Credit officer only.
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
    function applyProceeds(FinancingId financing, uint256 amount) external returns (uint256 toPool, uint256 toSupplier);

    /// @notice Gives the rest of the collateral back to the supplier once nothing is owed. Supplier only.
    function release(FinancingId financing) external;

    /// @notice Books an expected loss, which lowers the exit price at once; while there is one, nothing more is drawn.
    /// Credit officer only.
    /// @param impairment minor units, at most the principal out
    function setImpairment(FinancingId financing, uint256 impairment) external;

    function facility(FacilityId id) external view returns (Facility memory);
    function financing(FinancingId id) external view returns (Financing memory);
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
