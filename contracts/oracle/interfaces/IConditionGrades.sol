// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId, OrganisationId} from "../../types/Ids.sol";
import {IFeedOracle} from "./IFeedOracle.sol";

/// @title The condition of goods as a grade, from 0 (as they should be) to 5 (lends nothing). Readings only ever make
/// it worse; what an inspection finds, an inspector may set. The grade is read from the feeds at every moment: nobody
/// needs to report a breach to this contract.
interface IConditionGrades {
    /// @notice What a breach of a commodity's range costs. A breach counts under every rule that it meets; of one kind
    /// the dearest counts, and kinds add up.
    /// @param kind condition, one of those of `IFeedOracle.Kind`
    /// @param low lowest value within the range, in the unit of the kind; the same in all rules of a kind
    /// @param high highest value within the range
    /// @param deeperThan the worst value must lie further than this out of the range, in the unit of the kind
    /// @param longSeconds the longest time out of the range must be at least this; 0 where any reading will do
    /// @param steps grades that the breach costs, 1 to 5
    struct Rule {
        IFeedOracle.Kind kind;
        int32 low;
        int32 high;
        uint32 deeperThan;
        uint32 longSeconds;
        uint8 steps;
    }

    /// @notice A lot of goods whose condition is watched, by the subject of its consignment.
    /// @param commodity code by which its rules are found
    /// @param rulesVersion number of the rules that it was enrolled under, and keeps
    /// @param setGrade the grade that the last inspection gave, 0 before any
    /// @param notedGrade the worst grade noted since
    /// @param lastInspection sequence of the last INSPECTED fact used
    struct Lot {
        bytes32 commodity;
        uint32 rulesVersion;
        uint8 setGrade;
        uint8 notedGrade;
        uint32 lastInspection;
    }

    /// @notice Lots enrolled from now on are graded by these rules.
    /// @param version number of the rules, from 1, over all commodities
    event RulesSet(bytes32 indexed commodity, uint32 version, Rule[] rules);
    /// @param listed whether the contract may enrol lots
    event EnrollerListed(address indexed enroller, bool listed);
    /// @param listed whether the organisation may regrade lots
    event InspectorListed(OrganisationId indexed inspector, bool listed);
    /// @notice The condition of a lot counts from now on, by these rules of its commodity.
    event LotEnrolled(bytes32 indexed subject, bytes32 indexed commodity, uint32 rulesVersion);
    /// @notice By its readings a lot's grade has become worse.
    event GradeWorsened(bytes32 indexed subject, uint8 from, uint8 to);
    /// @notice An inspector has set a lot's grade, by an INSPECTED fact of that sequence.
    event LotRegraded(bytes32 indexed subject, OrganisationId indexed inspector, uint32 sequence, uint8 from, uint8 to);

    /// @notice Rule number `index` is out of its range: not a condition, an empty range, no or too many steps; or kinds
    /// are not in ascending order, or its range is another than that of its kind.
    error RuleInvalid(bytes32 commodity, uint256 index);
    /// @notice A commodity has from 1 to `most` rules.
    error RulesOutOfRange(bytes32 commodity, uint256 rules, uint256 most);
    /// @notice There are no rules for the commodity.
    error CommodityUnknown(bytes32 commodity);
    /// @notice The lot is enrolled already, as another commodity, `commodity`.
    error AlreadyGraded(bytes32 subject, bytes32 commodity);
    /// @notice The lot has not been enrolled.
    error NotGraded(bytes32 subject);
    /// @notice The lot's consignment has not been opened in the MilestoneOracle.
    error ConsignmentUnopened(bytes32 subject);
    /// @notice The calling contract may not enrol lots.
    error EnrollerUnlisted(address caller);
    /// @notice The caller's organisation is not listed as an inspector.
    error InspectorUnlisted(address caller, OrganisationId organisation);
    /// @notice The inspector belongs to the group that gains from the consignment.
    error InspectorIsAffiliate(bytes32 subject, GroupId beneficiary);
    /// @notice The grade is beyond the worst, `worst`.
    error GradeOutOfRange(bytes32 subject, uint8 grade, uint8 worst);
    /// @notice There is no usable INSPECTED fact of that sequence.
    error InspectionMissing(bytes32 subject, uint32 sequence);
    /// @notice Facts are used in order, each once: the last used was `last`.
    error InspectionUsed(bytes32 subject, uint32 sequence, uint32 last);
    /// @notice The goods were out of their range at `outsideAt`, not before the inspection (both Unix seconds).
    error InspectionOutdated(bytes32 subject, uint40 inspectedAt, uint40 outsideAt);

    /// @notice Sets how lots of a commodity are graded from now on; those enrolled keep their rules. Credit officer
    /// only.
    /// @param commodity code of the goods, not 0
    /// @param rules 1 to 8, kinds ascending
    function setRules(bytes32 commodity, Rule[] calldata rules) external;

    /// @notice Admits a contract that enrols lots (the warehouse receipts). Governor only.
    /// @param listed false takes the admission back
    function listEnroller(address enroller, bool listed) external;

    /// @notice Admits an organisation that may regrade, if it has the role INSPECTOR too. Governor only.
    /// @param listed false takes the admission back
    function listInspector(OrganisationId inspector, bool listed) external;

    /// @notice Begins to grade a lot; what was measured before counts. Listed contracts only. Again with the same
    /// commodity changes nothing.
    /// @param subject the lot's consignment in the MilestoneOracle, open
    /// @param commodity has rules
    function enrol(bytes32 subject, bytes32 commodity) external;

    /// @notice Notes the lot's grade if it has become worse, so that an event tells of it; anyone may.
    /// @return grade the lot's grade now
    function assess(bytes32 subject) external returns (uint8 grade);

    /// @notice Sets a lot's grade by what an inspection found, and begins a new period of its conditions. Accounts of
    /// listed inspectors, of another group than the beneficiary's.
    /// @param sequence of an INSPECTED fact that is usable, later than the last used, and later than every reading out
    /// of the range
    /// @param grade 0 to 5; better, the same or worse
    function regrade(bytes32 subject, uint32 sequence, uint8 grade) external;

    /// @notice What may be relied on of a lot's condition at this moment, for contracts that lend.
    /// @return status Usable only where every condition that its rules ask for is; Missing where it is not enrolled
    /// @return grade 0 (as it should be) to 5; 5 where the lot is not enrolled
    function gradeOf(bytes32 subject) external view returns (IFeedOracle.Status status, uint8 grade);

    /// @return the lot; all zero where it is not enrolled
    function lot(bytes32 subject) external view returns (Lot memory);
    /// @return commodity whose rules have that number; 0 where there are none
    /// @return rules as they were set
    function rulesOf(uint32 version) external view returns (bytes32 commodity, Rule[] memory rules);
    /// @return number of the commodity's present rules; 0 for none
    function rulesVersionOf(bytes32 commodity) external view returns (uint32);
}
