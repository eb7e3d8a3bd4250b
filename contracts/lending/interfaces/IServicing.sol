// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../../types/Ids.sol";
import {IFundingSource} from "./IFundingSource.sol";

/// @title What happens to a financing that is not paid as agreed: losses taken by a schedule, default, recourse to the
/// seller, and the changes that both sides agree to. What the state alone decides, anyone may carry out.
interface IServicing {
    /// @notice From so many days overdue on, so much of the debt counts as lost.
    /// @param daysOverdue whole days since the end of the day of maturity
    /// @param writtenOffBps share of the debt's principal; 10000 = all of it
    struct Step {
        uint16 daysOverdue;
        uint16 writtenOffBps;
    }

    /// @notice A change of one financing that supplier and credit officer both have to agree to. It says what it
    /// starts from, so that it cannot be carried out on a state that neither had in mind. Its hash covers the ladder, too, on
    /// which another facility puts the financing: where the ladder is changed in between, nobody has agreed to what it is then.
    /// @param facility that it hangs on now
    /// @param maturityDay days since 1970-01-01, now
    /// @param newFacility whose source pays what is owed to the present one; the same for an extension
    /// @param newMaturityDay days since 1970-01-01, later than today and than now; the same where only the facility changes
    /// @param document SHA-256 of the agreement that both have signed
    /// @param validUntil Unix seconds, last moment at which it may be carried out
    struct Amendment {
        FinancingId financing;
        FacilityId facility;
        uint16 maturityDay;
        FacilityId newFacility;
        uint16 newMaturityDay;
        bytes32 document;
        uint40 validUntil;
    }

    /// @notice A source of money follows these steps from now on.
    event ScheduleSet(IFundingSource indexed source, Step[] steps);
    /// @notice A loss was taken because so much time has passed.
    /// @param amount minor units of principal written off now
    event OverdueMarked(FinancingId indexed financing, uint256 daysOverdue, uint256 amount);
    /// @notice One side agreed to a change.
    /// @param amendment hash of its terms, as `amendmentHash` says
    event AmendmentAgreed(FinancingId indexed financing, bytes32 indexed amendment, address indexed by);
    /// @notice One side no longer agrees.
    event AmendmentWithdrawn(bytes32 indexed amendment, address indexed by);
    /// @notice Both sides had agreed, and it was done.
    event AmendmentCarriedOut(FinancingId indexed financing, bytes32 indexed amendment, bytes32 document);

    /// @notice At `step` (from 0) days or share do not rise, or the share is above 100 %; or it is the count of steps,
    /// where that is not 1 to 8.
    error ScheduleInvalid(IFundingSource source, uint256 step);
    /// @notice Nothing more is lost by the schedule than has been taken already.
    /// @param due minor units that the schedule writes off by now, in all
    /// @param writtenOff minor units written off so far
    error NothingToWriteOff(FinancingId financing, uint256 daysOverdue, uint256 due, uint256 writtenOff);
    /// @notice The grace has not passed; both in Unix seconds.
    error GraceNotOver(FinancingId financing, uint256 graceEndsAt, uint256 now_);
    /// @notice Nothing is owed.
    error NothingOwed(FinancingId financing);
    /// @notice The facility has no recourse to its seller.
    error NoRecourse(FacilityId facility);
    /// @notice The collateral is still good for what is owed; both in minor units.
    error StillCovered(FinancingId financing, uint256 owed, uint256 value);
    /// @notice The collateral is not good for what is owed; both in minor units.
    error NotCovered(FinancingId financing, uint256 owed, uint256 value);
    /// @notice The caller is not the facility's supplier.
    error NotSupplierOf(FacilityId facility, address caller, address supplier);
    /// @notice The amendment starts from another facility or maturity than the financing has.
    error AmendmentStale(FinancingId financing, FacilityId facility, uint256 maturityDay);
    /// @notice The new maturity is not after today and after the present one, or the amendment changes nothing.
    error MaturityInvalid(FinancingId financing, uint256 newMaturityDay, uint256 today);
    /// @notice The amendment's time has passed; both in Unix seconds.
    error AmendmentExpired(FinancingId financing, uint256 validUntil, uint256 now_);
    /// @notice The amendment has been carried out already.
    error AmendmentSpent(bytes32 amendment);
    /// @notice The credit officer has not approved it.
    error NotApproved(bytes32 amendment);
    /// @notice The signer has withdrawn what the signature says.
    error SignatureWithdrawn(bytes32 amendment, address signer);
    /// @notice The signature is not the supplier's over this amendment.
    error SignatureInvalid(FinancingId financing, address supplier);

    /// @notice Sets a source's schedule, 1 to 8 rising steps; no steps bring it back to the network's. Credit officer only.
    /// @param source zero for the network's own schedule, which always has steps
    function setSchedule(IFundingSource source, Step[] calldata steps) external;

    /// @notice Takes the loss that the schedule says by now: the reserve pays, then junior bears it, then senior. Anyone.
    /// What has come in on the collateral and waits there is applied first, here and in the next three. The debt is no
    /// smaller for it: principal and interest that lenders give up stay owed. On principal that is written off no further
    /// interest accrues.
    /// @return amount minor units of principal written off by this call
    function markOverdue(FinancingId financing) external returns (uint256 amount);

    /// @notice Puts a financing in default once its grace has passed with something owed; under recourse the seller
    /// answers for it from then on. Anyone. No repayment in part puts it off. The schedule's first share of the principal
    /// is expected to be lost from then on, unless more is already.
    function declareDefault(FinancingId financing) external;

    /// @notice Calls on the seller because dilution has left less collateral than is owed, what is in dispute not counted;
    /// or because the financing is in default. Anyone; facilities with recourse only.
    function callRecourse(FinancingId financing) external;

    /// @notice Lets the seller go once the collateral is good again for all that is owed, say because a dispute was
    /// withdrawn or part was paid. Anyone; what is in default is only ever paid.
    function closeRecourse(FinancingId financing) external;

    /// @notice Agrees to a change as the supplier; carries it out if the credit officer has approved it.
    function agree(Amendment calldata amendment) external;

    /// @notice The same by the supplier's EIP-712 signature (ERC-1271 for contracts), relayed by anyone.
    function agreeBySignature(Amendment calldata amendment, bytes calldata signature) external;

    /// @notice Takes the agreement back, as long as it has not been carried out; the caller's signatures over it count no
    /// more, relayed or not, while a later `agree` does. The supplier that agreed; before anybody has, whoever may have signed.
    /// @param amendment hash of its terms
    function withdrawAgreement(bytes32 amendment) external;

    /// @notice Approves a change as the lender; carries it out if the supplier has agreed. Credit officer only.
    function approve(Amendment calldata amendment) external;

    /// @notice Takes the approval back, as long as it has not been carried out. Credit officer only.
    /// @param amendment hash of its terms
    function withdrawApproval(bytes32 amendment) external;

    /// @return steps that the source follows
    function scheduleOf(IFundingSource source) external view returns (Step[] memory steps);
    /// @return minor units of principal that the schedule has written off by now, in all
    function writeOffDue(FinancingId financing) external view returns (uint256);
    /// @return the EIP-712 digest of an amendment, by which both sides name it: its fields, and `ladder`, keccak256 of the
    /// steps (`abi.encode`d) that the new facility has now for the financing's collateral; zero where the facility stays
    function amendmentHash(Amendment calldata amendment) external view returns (bytes32);
    /// @return bySupplier whether the supplier has agreed
    /// @return byOfficer whether the credit officer has approved
    /// @return spent whether it has been carried out
    function consentOf(bytes32 amendment) external view returns (bool bySupplier, bool byOfficer, bool spent);
}
