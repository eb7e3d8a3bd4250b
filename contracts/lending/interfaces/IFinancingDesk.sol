// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParkedPayouts} from "../../libraries/ParkedPayouts.sol";
import {Waterfall} from "../../libraries/Waterfall.sol";
import {IMilestoneConsumer} from "../../oracle/interfaces/IMilestoneConsumer.sol";
import {FacilityId, FinancingId, OrganisationId} from "../../types/Ids.sol";
import {DayCount} from "../../types/Rates.sol";
import {ICollateral} from "./ICollateral.sol";
import {IConcentration} from "./IConcentration.sol";
import {IDrawPurposes} from "./IDrawPurposes.sol";
import {IFinancingCover} from "./IFinancingCover.sol";
import {IFundingSource} from "./IFundingSource.sol";

/// @title Facilities, financings, draws and repayments. A financing is principal backed by a borrowing base; facts move
/// the base, and the base moves cash. Never at a draw: all that is owed above the base, more drawn than the limit, or
/// principal above a concentration cap.
interface IFinancingDesk is IMilestoneConsumer, IParkedPayouts {
    /// @notice A financing's life. `Open` and `Defaulted` take payments; only `Open` draws. `Released` is the end.
    enum State {
        None,
        Open,
        Repaid,
        Released,
        Defaulted
    }

    /// @notice What may keep a draw below another figure. `Payee`: the account that would be paid no longer acts for the
    /// group whose risk the financing is, or the purpose of an earmarked draw takes no more.
    enum Bound {
        Base,
        Limit,
        Cash,
        Cap,
        Payee
    }

    /// @notice What the guardian may stop here. Draws are the pools' to stop; nothing stops a payment.
    enum Stoppable {
        Opening
    }

    /// @param supplier account that may draw, and to which draws are paid unless they are earmarked; `moveFacility` changes
    /// it
    /// @param pool where the money comes from: one pool, or a syndicate of pools
    /// @param limit most that may count against it at once, minor units, at most `type(uint48).max`
    /// @param discountRateBps interest per year; 900 = 9 %
    /// @param dayCount clock and year of every rate of this facility
    /// @param feeBps flat, of each draw; charged to the debt
    /// @param lateFeeBps per year, on principal in arrears, beside the discount rate
    /// @param reserveBps flat, of each draw, for the pool's first-loss reserve; charged to the debt, collected last
    /// @param committedFeeBps per year, on the undrawn limit, until the facility ends
    /// @param graceDays whole days after maturity in which late fees are not charged to one who pays all
    /// @param recourse whether the supplier answers for its debtors
    /// @param revolving whether repaid principal frees the limit
    /// @param earmarked whether draws go to what `IDrawPurposes` names, and never to the supplier
    /// @param expiresAt Unix seconds from which nothing more is opened or drawn, at most `type(uint32).max`
    struct FacilityTerms {
        address supplier;
        IFundingSource pool;
        uint64 limit;
        uint16 discountRateBps;
        DayCount dayCount;
        uint16 feeBps;
        uint16 lateFeeBps;
        uint16 reserveBps;
        uint16 committedFeeBps;
        uint8 graceDays;
        bool recourse;
        bool revolving;
        bool earmarked;
        uint40 expiresAt;
    }

    /// @param terms as granted, with the limit and the expiry of now
    /// @param drawn minor units that count against the limit: principal out and principal written off, or, where the
    /// facility does not revolve, all that was ever drawn
    /// @param recourseTo financing that the supplier has to pay under recourse; 0 for none
    struct Facility {
        FacilityTerms terms;
        uint64 drawn;
        FinancingId recourseTo;
    }

    /// @param principal minor units out and not written off
    /// @param feesDue minor units of fees charged and not yet collected
    /// @param reserveDue minor units charged for the first-loss reserve and not yet collected
    /// @param writtenOff minor units of principal written off and not recovered: owed, but booked as lost
    /// @param impairment minor units that the credit officer expects to lose
    /// @param repaidAhead minor units repaid otherwise than out of the collateral, which are not drawn again
    /// @param accruedAt seconds on the facility's clock (`DayCounts.clock`); 0 before the first draw
    /// @param accruedNumerator interest accrued until `accruedAt` and unpaid, times `Rates.INTEREST_DENOMINATOR`
    /// @param lateNumerator late fees accrued until `accruedAt` and unpaid, with the interest that the source has given up
    /// with losses, on the same scale
    /// @param graceSpent whether late fees have been charged: from then on they are due as they accrue
    /// @param openedDay days since 1970-01-01
    /// @param maturityDay days since 1970-01-01; the whole of that day (UTC) is still in time
    struct Financing {
        FacilityId facility;
        State state;
        uint64 principal;
        uint64 feesDue;
        uint64 reserveDue;
        uint64 writtenOff;
        uint64 impairment;
        uint64 repaidAhead;
        uint40 accruedAt;
        uint128 accruedNumerator;
        uint128 lateNumerator;
        bool graceSpent;
        uint16 openedDay;
        uint16 maturityDay;
        ICollateral collateral;
        uint256 itemId;
        bytes32 subject;
    }

    /// @param listed whether new facilities and financings may use the source of money
    event PoolListed(IFundingSource indexed pool, bool listed);
    /// @param listed whether new financings may use the adapter
    event CollateralListed(ICollateral indexed collateral, bool listed);
    /// @notice The contract through which default, write-off, extension, refinancing and recourse come; for good.
    event ServicingSet(address indexed servicing);
    /// @notice The contract through which signed requests come; for good.
    event ApplicationsSet(address indexed applications);
    /// @notice The contract that insurers are paid through; for good.
    event CoverSet(IFinancingCover indexed cover);
    /// @notice The contract that earmarked draws go through; for good.
    event PurposesSet(IDrawPurposes indexed purposes);
    /// @param covered whether insurers have a claim on the financing's payments from now on
    event CoverMarked(FinancingId indexed financing, bool covered);
    /// @notice The guardian stopped it.
    event Stopped(Stoppable indexed what, address indexed by);
    /// @notice The governor let it go on.
    event Resumed(Stoppable indexed what, address indexed by);
    /// @notice A line was granted; terms as in `FacilityTerms` (minor units, bps, Unix seconds).
    event FacilityOpened(
        FacilityId indexed facility, address indexed supplier, IFundingSource indexed pool, FacilityTerms terms
    );
    /// @notice The limit changed; both in minor units.
    event FacilityLimitSet(FacilityId indexed facility, uint256 previous, uint256 limit);
    /// @notice The end changed; both in Unix seconds.
    event FacilityExpirySet(FacilityId indexed facility, uint256 previous, uint256 expiresAt);
    /// @notice Another account of the supplier's organisation acts for the facility, and is paid, from now on.
    event FacilityMoved(FacilityId indexed facility, address indexed previous, address indexed supplier);
    /// @notice The committed fee due so far was charged to a financing, with its draw.
    /// @param amount minor units, added to the financing's fees
    event CommitmentFeeCharged(FacilityId indexed facility, FinancingId indexed financing, uint256 amount);
    /// @notice The committed fee due so far was paid.
    /// @param amount minor units
    event CommitmentFeePaid(FacilityId indexed facility, address indexed payer, uint256 amount);
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
    /// @notice When the financing falls due; both in days since 1970-01-01.
    /// @param previousDay 0 when it opens
    event MaturitySet(FinancingId indexed financing, uint256 previousDay, uint256 maturityDay);
    /// @notice Money went to the supplier, or to an earmarked purpose; all amounts in minor units.
    /// @param amount what the payee receives
    /// @param fee charged on top
    /// @param reserve charged on top, for the first-loss reserve
    /// @param base what the collateral supported at this moment
    /// @param principal out after the draw
    event Drawn(
        FinancingId indexed financing,
        FacilityId indexed facility,
        address indexed payee,
        uint256 amount,
        uint256 fee,
        uint256 reserve,
        uint256 base,
        uint256 principal
    );
    /// @notice The base leaves room for more than is drawn now; anyone may poke again.
    /// @param bound what keeps it: the limit, the pool's cash, or a concentration cap; the tightest of them
    /// @param wanted minor units that the base leaves room for
    /// @param available minor units that are drawn instead
    event DrawDeferred(FinancingId indexed financing, Bound indexed bound, uint256 wanted, uint256 available);
    /// @notice Money came back and was shared out.
    /// @param parts minor units, in the order in which they are served; they sum to what came
    /// @param stillOwed minor units left, in all
    event Repaid(FinancingId indexed financing, address indexed payer, Waterfall.Split parts, uint256 stillOwed);
    /// @param impairment minor units expected to be lost on this financing, the new total
    event ImpairmentSet(FinancingId indexed financing, uint256 impairment);
    /// @notice Principal was booked as lost; it stays owed.
    /// @param amount minor units
    /// @param settledNumerator interest that the source gives up with it, times `Rates.INTEREST_DENOMINATOR`; owed on as
    /// late fees, rounded up to minor units
    /// @param principal minor units still booked as out
    event WrittenOff(FinancingId indexed financing, uint256 amount, uint256 settledNumerator, uint256 principal);
    /// @notice The financing is in default: no more draws, payments are still taken.
    /// @param owed minor units in all
    event FinancingDefaulted(FinancingId indexed financing, uint256 owed);
    /// @notice Another facility took the financing over and paid off what was owed. The pledge stays; its ladder is the new
    /// facility's from now on.
    /// @param amount minor units paid to the old facility's source; the principal from now on
    /// @param fee minor units charged by the new facility
    /// @param reserve minor units charged for the new pool's first-loss reserve
    event Refinanced(
        FinancingId indexed financing,
        FacilityId indexed from,
        FacilityId indexed to,
        uint256 amount,
        uint256 fee,
        uint256 reserve
    );
    /// @notice Another paper backs the financing: the same debt, under the same facility. What still comes in on the earlier
    /// one is the financing's.
    /// @param units part of the new item, in minor units of its value
    /// @param subject consignment whose facts move the base from now on; 0 for none
    event FinancingHandedOver(
        FinancingId indexed financing,
        ICollateral indexed from,
        ICollateral indexed to,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    );
    /// @notice The supplier answers for the financing: until it is paid or covered again its facility draws nothing, and what the
    /// supplier would get out of its other financings pays it first.
    event RecourseOpened(FacilityId indexed facility, FinancingId indexed financing);
    /// @notice The financing was paid, moved away, or has its collateral good again; the facility draws again.
    event RecourseClosed(FacilityId indexed facility, FinancingId indexed financing);
    /// @notice Nothing was owed and the collateral went back.
    event FinancingClosed(FinancingId indexed financing);

    /// @notice No facility has this number.
    error FacilityUnknown(FacilityId facility);
    /// @notice The limit is zero or above the most that can be booked; both in minor units.
    error FacilityLimitOutOfRange(address supplier, uint256 limit, uint256 most);
    /// @notice The discount rate, bps per year, is above 100 %.
    error DiscountRateTooHigh(address supplier, uint256 discountRateBps, uint256 mostBps);
    /// @notice A fee (front, late, reserve or committed), in bps, is above 100 %.
    error FeeTooHigh(address supplier, uint256 feeBps, uint256 mostBps);
    /// @notice The facility would end now or in the past; both in Unix seconds.
    error FacilityEndInPast(address supplier, uint256 expiresAt, uint256 now_);
    /// @notice The facility would end later than can be booked; both in Unix seconds.
    error FacilityEndTooFar(address supplier, uint256 expiresAt, uint256 most);
    /// @notice The facility ended at or before the block's time; both in Unix seconds.
    error FacilityExpired(FacilityId facility, uint256 expiresAt, uint256 now_);
    /// @notice The caller, or the account that a request names, is not the one that the facility was granted to.
    error NotSupplierOf(FacilityId facility, address caller, address supplier);
    /// @notice The account is another organisation's than the facility, or nobody's any more.
    error AccountNotOfSupplier(
        FacilityId facility, address account, OrganisationId organisation, OrganisationId needed
    );
    /// @notice The adapter is not admitted.
    error CollateralUnlisted(ICollateral collateral);
    /// @notice The source of money is not admitted.
    error PoolUnlisted(IFundingSource pool);
    /// @notice The guardian has stopped this.
    error IsStopped(Stoppable what);
    /// @notice The address is zero, or was set already, to `current`.
    error AddressFixed(address wanted, address current);
    /// @notice No financing has this number.
    error FinancingUnknown(FinancingId financing);
    /// @notice The financing is not in the state that the call needs.
    error FinancingStateWrong(FinancingId financing, State state, State needed);
    /// @notice The consignment was opened by another group than the supplier's (group 0: not opened at all).
    error SubjectNotOfSupplier(bytes32 subject, uint256 beneficiary, uint256 supplierGroup);
    /// @notice Collateral cannot go back while `owed` minor units are left.
    error StillOwed(FinancingId financing, uint256 owed);
    /// @notice Collateral cannot go back, and no financing leave, while the supplier has to pay another financing of the
    /// facility.
    error RecourseIsOpen(FacilityId facility, FinancingId recourseTo);
    /// @notice The supplier does not answer for this financing, but for `recourseTo` (0: for none).
    error RecourseNotOpen(FacilityId facility, FinancingId financing, FinancingId recourseTo);
    /// @notice The facility was granted without recourse to the supplier.
    error WithoutRecourse(FacilityId facility);
    /// @notice The amount is zero, or nothing is owed.
    error RepaymentZero(FinancingId financing);
    /// @notice No committed fee is due.
    error NothingDue(FacilityId facility);
    /// @notice The caller is not the adapter that keeps the financing's collateral, nor one that has kept it.
    error OnlyCollateralOf(FinancingId financing, address caller, address collateral);
    /// @notice The caller is not the milestone oracle.
    error OnlyOracle(address caller, address oracle);
    /// @notice The caller is not the servicing contract.
    error OnlyServicing(address caller, address servicing);
    /// @notice The caller is not the applications contract.
    error OnlyApplications(address caller, address applications);
    /// @notice The caller is not the contract that insurers are paid through.
    error OnlyCover(address caller, address cover);
    /// @notice No contract is there yet for draws to be earmarked through.
    error PurposesUnset(address supplier);
    /// @notice More loss is expected than there is principal out; both in minor units.
    error ImpairmentExceedsPrincipal(FinancingId financing, uint256 impairment, uint256 principal);
    /// @notice One of the contracts that hold the desk's further code is not there.
    error PartHasNoCode(address part);
    /// @notice Nothing, or more than there is principal out, is to be written off; both in minor units.
    error WriteOffOutOfRange(FinancingId financing, uint256 amount, uint256 principal);
    /// @notice An extension must be later than the maturity there is and not in the past; days since 1970-01-01.
    error MaturityNotLater(FinancingId financing, uint256 maturityDay, uint256 earliest);
    /// @notice The facility that would take the financing over is the one it has, of another supplier, lends another
    /// currency, or only one of the two earmarks draws.
    error RefinancingUnfit(FinancingId financing, FacilityId from, FacilityId to);
    /// @notice The financing is impaired, partly written off, or past its maturity: no facility takes it over.
    error RefinancingTooLate(FinancingId financing, uint256 impairment, uint256 maturityDay);
    /// @notice The facility that would take the financing over cannot: more is wanted than the bound allows; both in
    /// minor units.
    error RefinancingExceeds(FinancingId financing, Bound bound, uint256 wanted, uint256 available);
    /// @notice A loss is expected or booked (minor units), or the financing is past its maturity (days since 1970-01-01):
    /// no other paper takes the place of what backs it.
    error HandoverTooLate(FinancingId financing, uint256 lost, uint256 maturityDay);
    /// @notice The adapter keeps the financing's collateral, or has kept it before: each does once.
    error AlreadyBackedBy(FinancingId financing, ICollateral collateral);
    /// @notice The account that would have the goods is another organisation's than the one that owes on the new paper.
    error RecipientNotDebtor(
        FinancingId financing, address recipient, OrganisationId organisation, OrganisationId debtor
    );
    /// @notice What is owed is above what the new paper supports; both in minor units.
    error HandoverUncovered(FinancingId financing, uint256 owed, uint256 base);
    /// @notice The principal is above what the caps on the new debtor leave room for; both in minor units.
    error HandoverExceedsCap(FinancingId financing, uint256 principal, uint256 available);

    // Governor and guardian

    /// @notice Admits a pool or a syndicate for new facilities and financings; open ones run off. Governor only.
    /// @param listed false takes the admission back
    function listPool(IFundingSource pool, bool listed) external;

    /// @notice Admits a collateral adapter for new financings; open ones run off. Governor only.
    /// @param listed false takes the admission back
    function listCollateral(ICollateral collateral, bool listed) external;

    /// @notice Names the servicing contract, once. Governor only.
    function setServicing(address servicing_) external;

    /// @notice Names the applications contract, once. Governor only.
    function setApplications(address applications_) external;

    /// @notice Names the contract that insurers are paid through, once. Governor only.
    function setCover(IFinancingCover cover_) external;

    /// @notice Names the contract that earmarked draws go through, once. Governor only.
    function setPurposes(IDrawPurposes purposes_) external;

    /// @notice Stops what brings new risk, at once. Guardian only. Never stops a payment.
    function stop(Stoppable what) external;

    /// @notice Lets it go on. Governor only.
    function resume(Stoppable what) external;

    // Credit officer

    /// @notice Grants a line to a supplier. Credit officer only.
    /// @return number of the new facility
    function openFacility(FacilityTerms calldata terms) external returns (FacilityId);

    /// @notice Sets a facility's ladder for one kind of collateral. Credit officer only.
    /// @param steps 1 to 4, in the order in which they are reached
    function setLadder(FacilityId facility, ICollateral collateral, ICollateral.Step[] calldata steps) external;

    /// @notice Changes a facility's limit; one below what is drawn stops draws and calls nothing back. Credit officer only.
    /// @param limit minor units, 1 to `type(uint48).max`
    function setLimit(FacilityId facility, uint256 limit) external;

    /// @notice Changes a facility's end; the committed fee due until now stays due. Credit officer only.
    /// @param expiresAt Unix seconds, now (which ends it) or later, at most `type(uint32).max`
    function setExpiry(FacilityId facility, uint256 expiresAt) external;

    /// @notice Books an expected loss, which lowers the exit price at once; while there is one, nothing more is drawn.
    /// Credit officer only.
    /// @param impairment minor units, at most the principal out
    function setImpairment(FinancingId financing, uint256 impairment) external;

    // Supplier

    /// @notice Pledges an item and opens a financing on it; draws at once what the base already allows. Supplier only.
    /// @param itemId receivable or order
    /// @param units part of the item, in minor units of its value
    /// @param subject consignment whose facts move the base; opened by the supplier's group, watched by nobody yet. 0 for
    /// none: then only steps that need no attested fact count, and nobody but a caller of `poke` moves the financing.
    function openFinancing(FacilityId facility, ICollateral collateral, uint256 itemId, uint256 units, bytes32 subject)
        external
        returns (FinancingId);

    /// @notice The same at the request of the supplier, which the applications contract has checked. That contract only.
    /// @param supplier account that the facility was granted to
    function openFinancingFor(
        address supplier,
        FacilityId facility,
        ICollateral collateral,
        uint256 itemId,
        uint256 units,
        bytes32 subject
    ) external returns (FinancingId);

    /// @notice Puts another paper in the place of what backs an open financing: the lot in the place of the order that it was
    /// ordered by, the receivable in the place of the goods that were sold. One debt, one facility, one accrual: nothing
    /// of these changes. The new item goes into custody before the old one ceases to count, in this one call, and must
    /// support all that is owed; the financing falls due when the new item does. Not after maturity, nor with a loss
    /// expected, and to each adapter once, so that nothing is put off for ever. What backed it before stays in custody, and
    /// what comes in on it is still the financing's; it goes back with the rest on `release`. Supplier only, or the adapter
    /// that has the collateral now, at the supplier's word.
    /// @param to listed adapter for which the facility has a ladder
    /// @param itemId what is taken there: receivable, order or lot
    /// @param units part of the item, in minor units of its value
    /// @param subject consignment whose facts move the base, as in `openFinancing`; the one that the financing watches
    /// already, or one that no other does
    /// @param recipient account that has the goods, where they have been sold; of the organisation that owes on the new
    /// item. Zero where nothing leaves custody
    function handOver(
        FinancingId financing,
        ICollateral to,
        uint256 itemId,
        uint256 units,
        bytes32 subject,
        address recipient
    ) external;

    /// @notice Gives the rest of the collateral back to the supplier once nothing is owed, to insurers neither, and no other financing of the
    /// facility is under recourse. The committed fee that the facility owes until now is taken from the supplier with it, by
    /// allowance: what backs a lender's claims does not leave before they are paid. Supplier only.
    function release(FinancingId financing) external;

    /// @notice Makes another account of the supplier's organisation the one that the facility is granted to: who opens,
    /// agrees and releases, and is paid, for the financings that there are too. By the account that it is granted to; once
    /// that one is no longer the organisation's, by the account that takes its place. Both must be able to act: so money that
    /// waits for a frozen account goes nowhere else. What was parked for the previous account stays parked for it.
    /// @dev Warning: the registrar decides which accounts are an organisation's.
    /// @param account admitted supplier of the same organisation
    function moveFacility(FacilityId facility, address account) external;

    // Anyone, and the collateral

    /// @notice Does what the state now allows: draws what base, limit, cash and caps leave room for. Anyone may call it, as
    /// often as they like, to the same end as the oracle's callback.
    /// @return drawn minor units paid out by this call
    function poke(FinancingId financing) external returns (uint256 drawn);

    /// @notice Repays out of the caller's cash, by allowance; any admitted participant may. What is repaid so is not drawn
    /// again. No more is taken than is owed in all. What insurers have paid may be repaid when the rest has been.
    /// @param amount minor units; the greatest uint256 stands for all that is owed
    /// @return taken minor units
    function repay(FinancingId financing, uint256 amount) external returns (uint256 taken);

    /// @notice The same with the caller's ERC-2612 permit for `amount`. A permit that somebody else has already handed in
    /// is no obstacle.
    /// @param deadline Unix seconds, of the permit
    function repayWithPermit(FinancingId financing, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 taken);

    /// @notice Pays the committed fee due so far, by allowance. Anyone, at any time: nothing forgives it, neither a change
    /// of limit or end, an opening or a refinancing, nor the end of the facility. Beside this, the next draw is charged
    /// with it, and a release takes it.
    /// @return amount minor units taken
    function payCommitmentFee(FacilityId facility) external returns (uint256 amount);

    /// @notice Splits proceeds that the financing's custodian holds: cash moves from the custodian to the pool and to
    /// the supplier by the waterfall. The supplier's rest pays a financing under recourse first. The custodian only, or one
    /// that has been before a handover.
    /// @param amount minor units that the custodian holds and allows the desk to take
    /// @return toPool what went to the source of money, to insurers, or to another financing under recourse, minor units
    /// @return toSupplier the rest, minor units
    function applyProceeds(FinancingId financing, uint256 amount) external returns (uint256 toPool, uint256 toSupplier);

    /// @notice Watches a further consignment for a financing, or no longer: goods of it have been added to what backs the
    /// financing, so that no other financing may count them, and their facts move its base. The financing's adapter only.
    /// Again, it changes nothing.
    /// @param subject opened by the supplier's group
    /// @param watched false ends it
    function watchAlso(FinancingId financing, bytes32 subject, bool watched) external;

    // Cover contract

    /// @notice Says whether insurers have a claim on a financing's payments. From then on each payment serves premiums
    /// first, then the source of money, then what insurers have paid, before the supplier has the rest; only a payment of
    /// the cover contract itself is the source's alone. The contract of `setCover` only.
    function markCovered(FinancingId financing, bool covered) external;

    // Servicing contract

    /// @notice Books principal as lost: it leaves the source's books with the interest accrued on it, and both stay owed,
    /// the interest among the late fees, rounded up to minor units. From then on late fees are due as they accrue; those
    /// that the grace spared until now are forgiven. On what is written off no interest accrues any more. An impairment is
    /// used up by it. Servicing only.
    /// @param amount minor units, at most the principal out
    function writeOff(FinancingId financing, uint256 amount) external;

    /// @notice Declares an open financing in default: nothing more is drawn, and a loss is expected at once, so that nobody
    /// leaves the pool at the price of before. Servicing only, which has looked at the grace.
    /// @param leastImpairment minor units expected to be lost at least, at most the principal out; one that is greater stays
    function declareDefault(FinancingId financing, uint256 leastImpairment) external;

    /// @notice Extends an open financing. Late fees charged until now stay due; within grace they are forgiven. Servicing
    /// only, on both sides' agreement.
    /// @param maturityDay days since 1970-01-01, later than the maturity there is and not in the past
    function reschedule(FinancingId financing, uint16 maturityDay) external;

    /// @notice Moves an open financing to another facility of the same supplier and currency, whose source pays off what
    /// is owed. The collateral stays, on the new facility's ladder, and must bear the new debt with its fees.
    /// Servicing only, on both sides' agreement, which names the ladder by its hash.
    function refinance(FinancingId financing, FacilityId to) external;

    /// @notice Holds the supplier to a financing under a facility with recourse. One at a time for each facility.
    /// Servicing only.
    function openRecourse(FinancingId financing) external;

    /// @notice Lets the supplier go before an open financing is paid. Servicing only, which has looked at the collateral.
    function closeRecourse(FinancingId financing) external;

    // Views

    /// @return where exposures are counted
    function concentration() external view returns (IConcentration);
    /// @return the servicing contract; zero until it is set
    function servicing() external view returns (address);
    /// @return the applications contract; zero until it is set
    function applications() external view returns (address);
    /// @return the contract that insurers are paid through; zero until it is set
    function cover() external view returns (IFinancingCover);
    /// @return the contract that earmarked draws go through; zero until it is set
    function purposes() external view returns (IDrawPurposes);
    /// @return whether the guardian has stopped it
    function isStopped(Stoppable what) external view returns (bool);
    /// @return whether new facilities and financings may use the source of money
    function isPoolListed(IFundingSource pool) external view returns (bool);
    /// @return whether new financings may use the adapter
    function isCollateralListed(ICollateral collateral) external view returns (bool);
    /// @return the facility's terms and what is drawn of its limit; reverts where there is none
    function facility(FacilityId id) external view returns (Facility memory);
    /// @return minor units of committed fee due until now and not yet charged or paid, rounded up
    function commitmentDue(FacilityId id) external view returns (uint256);
    /// @return how many facilities have been granted; their numbers are 1 to this
    function facilityCount() external view returns (uint256);
    /// @notice Reverts, saying why, where the account that the facility was granted to may not act for it now: it is
    /// frozen, suspended or expired, or no longer of the organisation.
    function requireActing(FacilityId id) external view;
    /// @notice Reverts with `RecourseIsOpen` while the supplier of the financing has to pay another financing of the facility
    /// first: nothing that backs this one may go back then.
    function requireUnclaimed(FinancingId id) external view;
    /// @return the financing's record, interest as of `accruedAt`; reverts where there is none
    function financing(FinancingId id) external view returns (Financing memory);
    /// @return the adapters that kept its collateral before it was handed over, in that order; none where it never was
    function earlierCollateral(FinancingId id) external view returns (ICollateral[] memory);
    /// @return the financing whose base the consignment moves now; 0 for none
    function financingOf(bytes32 subject) external view returns (FinancingId);
    /// @return how many financings have been opened; their numbers are 1 to this
    function financingCount() external view returns (uint256);
    /// @return what the source of money is owed now, minor units, interest and late fees rounded up
    function owed(FinancingId id) external view returns (Waterfall.Claims memory);
    /// @return minor units that are owed now in all: to the source of money, and to insurers out of the same payments
    function owedInAll(FinancingId id) external view returns (uint256);
    /// @return base what the collateral supports
    /// @return available what a poke would draw now
    function availability(FinancingId id) external view returns (uint256 base, uint256 available);
    /// @return day days since 1970-01-01; late fees accrue from its end (UTC) on
    /// @return overdueFrom Unix seconds from which they are charged: the day's end and the grace
    function maturityOf(FinancingId id) external view returns (uint256 day, uint256 overdueFrom);
}
