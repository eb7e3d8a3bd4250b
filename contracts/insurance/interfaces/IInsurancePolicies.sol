// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingCover} from "../../lending/interfaces/IFinancingCover.sol";
import {ICashToken} from "../../money/interfaces/ICashToken.sol";
import {FacilityId, FinancingId, PolicyId} from "../../types/Ids.sol";

/// @title Insurance of financings. An insurer offers a policy, the supplier of the facility accepts it, because the premium
/// is served out of its money, and the credit officer binds it for the lenders: they are the insured, and the premium is
/// served before their claims. Only then does the cover begin. The insurer has the whole limit put down here before, so
/// that nothing is promised that is not there.
///
/// A loss is what lenders are owed of principal, booked or written off, and interest; fees, late fees and the contribution
/// to the reserve are not insured. Once the loss event stands and the waiting period has passed anyone may claim. The
/// payment goes to the desk as a repayment, once for each policy; further policies pay on what is then left, so that all of
/// them together never pay more than the loss. One fact is one loss, however many insure it: the debt that it is a part of is
/// measured at the first claim on it, and what has been paid on it is taken off every later one. The first claim measures
/// because a part of what is left after it would be a part of a debt that this loss has already made smaller; what lenders
/// get in between lowers the measure, and interest that runs on does not raise it. What an insurer has paid it gets back out
/// of what comes in on the financing later, after the lenders have been made whole and before the supplier.
///
/// Who lends under the financing when the loss falls is insured, whoever that is: the cover goes with the financing.
interface IInsurancePolicies is IFinancingCover {
    /// @notice What is insured. The moment of the loss event, from which the waiting period runs, must lie after the binding
    /// and not after the end of the cover. `Credit`: the financing is in default; the event is the end of its grace. `Cargo`:
    /// the named fact is final and usable; the event is the moment at which it happened. `Interruption`: the named fact has
    /// not happened by the deadline; the event is the deadline, and there is no claim where it happened before the waiting
    /// period was over.
    enum Kind {
        Credit,
        Cargo,
        Interruption
    }

    /// @notice A policy's life. Lapse and expiry come by time alone; `close` books them.
    enum State {
        None,
        Offered,
        Accepted,
        Bound,
        Paid,
        Ended
    }

    /// @notice What is wrong with the terms of an offer.
    enum Flaw {
        None,
        Amounts,
        Times,
        Trigger
    }

    /// @param limit most that is paid, minor units, not zero
    /// @param deductible part of the loss that is not paid, minor units
    /// @param premium for all of the cover, minor units, due from the binding
    /// @param offerUntil Unix seconds, last moment to accept and to bind; at most 30 days after the offer
    /// @param payBy Unix seconds, last moment to pay the premium; later than `offerUntil`, not later than `until`
    /// @param until Unix seconds, last moment of the cover
    /// @param waitingDays days from the loss event to the claim, at most 365
    /// @param claimDays days after the end of cover and waiting period in which a claim may still be made, 1 to 365
    /// @param milestone of the named fact, one that is attested; 0 for Credit
    /// @param sequence of the named fact, from 1; 0 for Credit
    /// @param quantity Cargo: thousandths that are insured, of which the fact's quantity is the part lost; 0 where the fact
    /// counts in full without a quantity, and for the other kinds
    /// @param subject consignment of the named fact, opened by the supplier's group; 0 for Credit
    /// @param deadline Interruption: Unix seconds by which the fact must have happened, later than `offerUntil`, not later
    /// than `until`; 0 for the other kinds
    struct Terms {
        FinancingId financing;
        Kind kind;
        uint48 limit;
        uint48 deductible;
        uint48 premium;
        uint40 offerUntil;
        uint40 payBy;
        uint40 until;
        uint16 waitingDays;
        uint16 claimDays;
        uint32 milestone;
        uint32 sequence;
        uint64 quantity;
        bytes32 subject;
        uint40 deadline;
    }

    /// @param boundAt Unix seconds; 0 before
    /// @param premiumPaid minor units
    /// @param cash token of the financing's currency; zero before the binding
    /// @param paid to the lenders, minor units
    /// @param recovered of what was paid, minor units
    struct Policy {
        Terms terms;
        State state;
        address insurer;
        uint40 boundAt;
        uint48 premiumPaid;
        address cash;
        uint48 paid;
        uint48 recovered;
    }

    /// @notice What claims on one fact (subject, milestone, sequence) have come to under one financing.
    /// @param debt insured claims of the lenders when the first of them was paid, minor units; 0 before
    /// @param paid by all insurers together, minor units, with premium set off
    struct FactClaims {
        uint128 debt;
        uint128 paid;
    }

    /// @param free minor units that the insurer may take out or bind
    /// @param locked minor units: the limits of its bound policies
    struct Position {
        uint128 free;
        uint128 locked;
    }

    /// @notice An insurer put money down, minor units.
    event PositionFunded(address indexed insurer, address indexed cash, uint256 amount);
    /// @notice An insurer took money out, minor units.
    event PositionWithdrawn(address indexed insurer, address indexed cash, uint256 amount);
    /// @notice A policy was offered; terms as in `Terms` (minor units, Unix seconds, days, thousandths).
    event PolicyOffered(PolicyId indexed policy, FinancingId indexed financing, address indexed insurer, Terms terms);
    /// @notice The supplier of the facility accepted.
    event PolicyAccepted(PolicyId indexed policy, address indexed supplier);
    /// @notice The cover began: the limit, minor units, is locked.
    event PolicyBound(PolicyId indexed policy, FinancingId indexed financing, address indexed insurer, uint256 limit);
    /// @notice A part of the premium was paid, out of the waterfall or by somebody; both in minor units.
    /// @param left still due
    event PremiumPaid(PolicyId indexed policy, uint256 amount, uint256 left);
    /// @notice The insurer paid.
    /// @param lossAt moment of the loss event, Unix seconds
    /// @param loss minor units, before deductible and limit; of a fact, less what others have paid on it
    /// @param amount minor units paid
    event ClaimPaid(
        PolicyId indexed policy, FinancingId indexed financing, uint256 lossAt, uint256 loss, uint256 amount
    );
    /// @notice Of what it has paid, an insurer got some back; both in minor units.
    /// @param left still to come
    event RecoveryPaid(PolicyId indexed policy, uint256 amount, uint256 left);
    /// @notice The insurer gave up what it had not got back, minor units.
    event RecoveryWaived(PolicyId indexed policy, uint256 amount);
    /// @notice The policy is over: withdrawn, lapsed, expired, or fulfilled.
    /// @param unlocked minor units of its limit that are free again
    event PolicyEnded(PolicyId indexed policy, uint256 unlocked);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice The amount is zero.
    error CoverAmountZero();
    /// @notice No policy has this number.
    error PolicyUnknown(PolicyId policy);
    /// @notice The policy is not in the state that the call needs.
    error PolicyStateWrong(PolicyId policy, State state, State needed);
    /// @notice The caller is not the policy's insurer.
    error NotInsurerOf(PolicyId policy, address caller, address insurer);
    /// @notice The caller is not the account that the insured financing's facility was granted to.
    error NotSupplierOf(FacilityId facility, address caller, address supplier);
    /// @notice More than is free in the insurer's position; both in minor units.
    error PositionTooSmall(address insurer, uint256 wanted, uint256 free);
    /// @notice The terms make no sense, for this reason.
    error PolicyTermsUnsound(FinancingId financing, Flaw flaw);
    /// @notice The terms that the caller agrees to are not the policy's; both as `termsHash` says.
    error PolicyTermsDiffer(PolicyId policy, bytes32 given, bytes32 its);
    /// @notice The offer's time has passed; both in Unix seconds.
    error OfferExpired(PolicyId policy, uint256 offerUntil, uint256 now_);
    /// @notice The insurer belongs to the supplier's group: nobody insures itself.
    error InsurerOfOwnGroup(FinancingId financing, address insurer, uint256 group);
    /// @notice The consignment was opened by another group than the supplier's (group 0: not opened at all).
    error InsuredSubjectForeign(bytes32 subject, uint256 beneficiary, uint256 supplierGroup);
    /// @notice The loss event has happened, or a loss is expected already: nobody insures a house on fire.
    error LossAlreadyKnown(FinancingId financing);
    /// @notice The financing has as many policies as it may.
    error TooManyPolicies(FinancingId financing, uint256 most);
    /// @notice No premium is due: paid, lapsed, or not bound.
    error PremiumNotDue(PolicyId policy);
    /// @notice More was booked than is due; both in minor units.
    error CoverBookedTooMuch(FinancingId financing, uint256 amount, uint256 due);
    /// @notice The premium was not paid in time, and so the cover is over; both in Unix seconds.
    error CoverLapsed(PolicyId policy, uint256 payBy, uint256 now_);
    /// @notice There is no loss event of the insured kind, or it is in dispute.
    error NoLossEvent(PolicyId policy);
    /// @notice The loss event lies outside the cover; all in Unix seconds.
    error LossOutsideCover(PolicyId policy, uint256 lossAt, uint256 boundAt, uint256 until);
    /// @notice The waiting period is not over; both in Unix seconds.
    error WaitingPeriodRuns(PolicyId policy, uint256 endsAt, uint256 now_);
    /// @notice It is too late to claim; both in Unix seconds.
    error ClaimTooLate(PolicyId policy, uint256 claimableUntil, uint256 now_);
    /// @notice The loss is not above the deductible; both in minor units.
    error LossWithinDeductible(PolicyId policy, uint256 loss, uint256 deductible);
    /// @notice A loss may still fall on the policy, until then (Unix seconds).
    error CoverStillRuns(PolicyId policy, uint256 claimableUntil, uint256 now_);
    /// @notice The insurer has not got all back, or premium is due; minor units.
    error PolicyStillDue(PolicyId policy, uint256 due);

    // Insurers

    /// @notice Adds money of the caller's to its position, by allowance. Insurers only.
    /// @param amount minor units
    function deposit(ICashToken cash, uint256 amount) external;

    /// @notice Takes out of the caller's position what is not locked: deposits, premiums and recoveries.
    /// @param amount minor units
    function withdraw(ICashToken cash, uint256 amount) external;

    /// @notice Offers a policy; nothing is locked yet. Insurers only, and none of the supplier's group.
    function offer(Terms calldata terms) external returns (PolicyId);

    /// @notice Takes an offer back before it is bound. Its insurer only.
    function withdrawOffer(PolicyId policy) external;

    /// @notice Gives up what the insurer has paid and not got back, say because it has settled otherwise, so that the
    /// collateral may go. Its insurer only.
    function waive(PolicyId policy) external;

    // Supplier

    /// @notice Accepts an offer: its premium will be served first out of the financing's payments. The account that the
    /// facility was granted to only.
    /// @param hash of the terms, as `termsHash` says
    function accept(PolicyId policy, bytes32 hash) external;

    // Credit officer

    /// @notice Binds an accepted offer for the lenders: the cover begins. Credit officer only. The financing must be open,
    /// with its grace not over and no loss expected or taken, and the named fact must not stand or be in dispute. Locks the
    /// limit.
    /// @param hash of the terms, as `termsHash` says
    function bind(PolicyId policy, bytes32 hash) external;

    // Anyone

    /// @notice Pays premium out of the caller's cash, by allowance, so that the cover does not lapse for want of payments.
    /// @param amount minor units; no more is taken than is due
    /// @return taken minor units
    function payPremium(PolicyId policy, uint256 amount) external returns (uint256 taken);

    /// @notice Has the insurer pay. What has come in on the collateral and waits there is applied first. Premium of the
    /// policy that is still due is set off: it stays with the insurer as paid, and the lenders have that much less. Premium
    /// unpaid after its last day leaves nothing to claim, whenever the loss fell.
    /// @return paid minor units, the least of the limit and of the loss above the deductible, before what is set off
    function claim(PolicyId policy) external returns (uint256 paid);

    /// @notice Books the end of a policy that lapsed, whose claims' time is over, whose financing is paid, or that has been
    /// paid on and recovered; and unlocks what it held.
    function close(PolicyId policy) external;

    // Views

    /// @return how many policies have been offered; their numbers are 1 to this
    function policyCount() external view returns (uint256);
    /// @return the policy's record; reverts where there is none
    function policy(PolicyId id) external view returns (Policy memory);
    /// @return keccak256 of the policy's number, insurer and terms, `abi.encode`d: what supplier and credit officer agree to
    function termsHash(PolicyId id) external view returns (bytes32);
    /// @return the financing's policies that are bound, or paid and not recovered, in the order of their binding; at most 4
    function policiesOf(FinancingId financing) external view returns (PolicyId[] memory);
    /// @return minor units of the insurer's in this cash token
    function positionOf(address insurer, ICashToken cash) external view returns (Position memory);
    /// @return minor units of the policy's premium due and not paid; 0 once it has lapsed
    function premiumDueOf(PolicyId id) external view returns (uint256);
    /// @return what claims on this policy's fact have come to, its own and others' of the same financing; zero for Credit
    function factClaimsOf(PolicyId id) external view returns (FactClaims memory);
    /// @return whether the policy is bound and has not lapsed, and its cover and the time for claims are not over
    function isInForce(PolicyId id) external view returns (bool);
    /// @notice What a claim would be paid now, if nothing waits in the collateral; reverts, saying why, where nothing.
    /// @return minor units
    function claimable(PolicyId id) external view returns (uint256);
}
