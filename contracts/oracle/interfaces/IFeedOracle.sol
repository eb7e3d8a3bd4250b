// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../libraries/OrganisationSet.sol";
import {GroupId} from "../../types/Ids.sol";

/// @title Prices, exchange rates and measured conditions, each the median of what a quorum of independent organisations
/// has signed. Fails closed: what is missing, stale or out of its band is never handed out as usable.
/// @dev A policy's id is, of a price, a hash chosen by the governor (keccak256 of kind and names); of a rate,
/// `rateFeedOf`; of a condition, its kind as a number, so that one policy serves every consignment. A feed is one
/// series of values: of a price or a rate its id is the policy's, of a condition it is `conditionFeedOf`.
interface IFeedOracle {
    /// @notice What is measured, and in which unit the value is given.
    /// Price: currency units for one unit of the goods. Fx: units of the quote currency for one of the base currency.
    /// Both times 10^decimals. Temperature: thousandths of a degree Celsius. Humidity: thousandths of a per cent of
    /// relative humidity. Shock: thousandths of standard gravity. Door: 0 closed, 1 open.
    enum Kind {
        None,
        Price,
        Fx,
        Temperature,
        Humidity,
        Shock,
        Door
    }

    enum Status {
        Missing,
        Stale,
        Usable
    }

    /// @notice How a feed is reported: one slot. `threshold` organisations outvote f = (threshold - 1) / 2 that lie,
    /// and are still there when f of all are silent: f > 0, 3f < organisations, threshold + f <= organisations.
    /// @param kind fixed once the policy has been set
    /// @param decimals of the value, fixed once set: up to 18 of a price or a rate, 3 of a condition, 0 of a door
    /// @param threshold distinct organisations whose readings make a value, from 3
    /// @param organisations greatest number that report the feed, up to 10; no more are counted in a report
    /// @param eligibleRoles oracle roles that may report
    /// @param requiredRoles oracle roles that must each be among those who do
    /// @param version number of the policy, from 1, one more with every change; readings are signed for one version
    /// @param mostSpread how far the readings of a report may lie apart: of a price or a rate in bps of the median, of
    /// a condition in its unit
    /// @param mostMove how far a value may lie from the last usable one: in bps of that one, of a condition in its unit
    /// @param staleAfterSeconds age beyond which a value is not usable
    /// @param maxAgeSeconds oldest reading that still counts, at most `staleAfterSeconds`
    /// @param clockSkewSeconds how far ahead of the block's time a reading may lie, at most a day
    /// @param heartbeatSeconds after which the next report is due, at most `staleAfterSeconds`
    struct Rules {
        Kind kind;
        uint8 decimals;
        uint8 threshold;
        uint8 organisations;
        uint8 eligibleRoles;
        uint8 requiredRoles;
        uint32 version;
        uint32 mostSpread;
        uint32 mostMove;
        uint32 staleAfterSeconds;
        uint32 maxAgeSeconds;
        uint24 clockSkewSeconds;
        uint24 heartbeatSeconds;
    }

    /// @notice What a feed's values mean and between which they must lie: one slot. All but the band and the haircut
    /// are fixed once set; of a condition only the band is given, within 32 bits.
    /// @param least lowest value accepted; above 0 of a price or a rate
    /// @param greatest highest value accepted
    /// @param base of a rate the currency that is priced (ISO 4217), of a price the unit of the goods (UN/CEFACT Rec
    /// 20)
    /// @param quote the currency in which it is priced (ISO 4217)
    /// @param baseDigits decimal places of the base's minor unit (3 of goods, which are counted in thousandths)
    /// @param quoteDigits decimal places of the quote currency's minor unit
    /// @param haircutBps share taken off whatever is converted at this rate; 0 of a price
    struct Terms {
        int88 least;
        int88 greatest;
        bytes3 base;
        bytes3 quote;
        uint8 baseDigits;
        uint8 quoteDigits;
        uint16 haircutBps;
    }

    /// @notice What one organisation has measured or seen.
    /// @param value in the unit and decimals of the feed
    /// @param observedAt Unix seconds
    /// @param r with `vs`, the signature in its compact form (ERC-2098). A signer that is a contract (ERC-1271) is given it
    /// in 65 bytes; both 0 ask it for a digest that it has approved, with an empty signature
    struct Reading {
        address signer;
        int256 value;
        uint64 observedAt;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The readings of one feed that shall become its next value. Of a condition they may also be of the past: read
    /// out late, when a newer value is in. A report whose first reading is no newer than the last value takes whatever is
    /// newer than the watched period's begin; if the oldest reading that counts is no newer than the last value, it changes
    /// what is remembered of the condition and nothing else.
    /// @param subject consignment whose condition it is; 0 of a price or a rate
    /// @param round number of the report, one more than the feed's last; a report of the past does not use it up
    /// @param readings 1 to 10, in any order; ascending values cost least
    struct Report {
        bytes32 policyId;
        bytes32 subject;
        uint64 round;
        Reading[] readings;
    }

    /// @notice The last value of a feed: one slot.
    /// @param value the median, of an even number of readings the lower of the middle two
    /// @param least of a condition, the lowest value since the first; never rises
    /// @param greatest of a condition, the highest value since the first; never falls
    /// @param observedAt moment of the oldest of its readings, Unix seconds; rises with every report
    /// @param round 0 where there has been no report
    /// @param beneficiary of a condition, the group whose readings never count
    struct Latest {
        int88 value;
        int32 least;
        int32 greatest;
        uint40 observedAt;
        uint40 round;
        GroupId beneficiary;
    }

    /// @notice How far and for how long a condition has been out of its range in the present period: one slot.
    /// @param low lowest value within the range
    /// @param high highest value within the range
    /// @param deepest greatest distance of a value from the range; 0 where none was out of it
    /// @param longestSeconds longest time without a value within the range, to the last report; from a value that was read
    /// out late, to the value that was the last when it came
    /// @param outsideSince moment from which it has been out of the range; 0 where the last value is within
    /// @param lastOutsideAt moment of the last value out of the range; 0 for none
    /// @param since moment at which the period began; 0 where the condition is not watched
    struct Excursion {
        int32 low;
        int32 high;
        uint32 deepest;
        uint32 longestSeconds;
        uint40 outsideSince;
        uint40 lastOutsideAt;
        uint40 since;
    }

    /// @notice Why a reading, or a whole report, did not count. `NotNewer`: than the last value; in a report of the past, than
    /// the period's begin.
    enum Refusal {
        None,
        FeedUnknown,
        SubjectUnknown,
        RoundNotNext,
        ReadingsOutOfRange,
        SignerNotAdmitted,
        SignatureInvalid,
        RoleNotEligible,
        AffiliateOfBeneficiary,
        AlreadyCounted,
        SeatsTaken,
        ValueOutOfRange,
        TooOld,
        InFuture,
        NotNewer,
        QuorumNotReached,
        RoleMissing,
        ValueOutOfBand,
        SpreadTooWide,
        MoveTooGreat
    }

    /// @notice What is wrong with a policy: its id, its organisations and roles, its times, its units, or its band.
    enum Flaw {
        None,
        Id,
        Quorum,
        Times,
        Units,
        Band
    }

    /// @notice Readings from now on are counted under this policy; those signed for the one before are void.
    event FeedPolicySet(bytes32 indexed policyId, Rules rules, Terms terms);
    /// @notice Nothing is reported or relied on under this policy until it is set again.
    event FeedBandClosed(bytes32 indexed policyId, address indexed by);
    /// @param keeper contract that may say within which range a consignment's conditions should stay
    event KeeperSet(address indexed keeper);
    /// @notice A feed has a new value, in its unit and decimals; `observedAt` in Unix seconds.
    /// @param subject consignment whose condition it is; 0 of a price or a rate
    /// @param organisations whose readings count, 24 bits each from the lowest up, in the order of the report
    event ValueReported(
        bytes32 indexed policyId,
        bytes32 indexed subject,
        uint64 round,
        int256 value,
        uint64 observedAt,
        OrganisationSet organisations
    );
    /// @notice A quorum's value of before the last one counts among what a condition has been; the last value stays.
    /// Parameters as of `ValueReported`; `round` is that of the next value still.
    event PastValueReported(
        bytes32 indexed policyId,
        bytes32 indexed subject,
        uint64 round,
        int256 value,
        uint64 observedAt,
        OrganisationSet organisations
    );
    /// @dev Warning: the signer is as claimed; unless it is refused after its signature was checked, nobody checked.
    /// @notice A reading did not count, for this reason; nothing else in its report is touched.
    event ReadingRefused(
        bytes32 indexed policyId, bytes32 indexed subject, uint64 round, address indexed signer, Refusal reason
    );
    /// @notice A report did not change the feed, for this reason; nothing else in its batch is touched.
    event ReportRefused(bytes32 indexed policyId, bytes32 indexed subject, uint64 round, Refusal reason);
    /// @notice A consignment's condition is watched from now on: what lies outside low to high (in its unit) is
    /// remembered.
    event RangeWatched(Kind indexed kind, bytes32 indexed subject, int32 low, int32 high);
    /// @notice What was remembered of a condition is forgotten, by an inspection; a new period begins.
    event RangeRestarted(Kind indexed kind, bytes32 indexed subject);

    /// @notice A field is out of its range (see `Rules` and `Terms`), or the id is not the one that the kind asks for.
    error FeedPolicyInvalid(bytes32 policyId, Flaw flaw);
    /// @notice There is no policy of that id.
    error FeedPolicyUnknown(bytes32 policyId);
    /// @notice The policy's version must be one more than the present one, `expected`.
    error VersionNotNext(bytes32 policyId, uint32 version, uint32 expected);
    /// @notice What the values mean (kind, decimals, base, quote, digits) is fixed: another meaning needs another feed.
    error FeedMeaningFixed(bytes32 policyId);
    /// @notice The two currencies already have a rate the other way round, whose inverse is derived.
    error InverseRateExists(bytes3 base, bytes3 quote);
    /// @notice There is nothing in the batch, or more than `most` reports.
    error ReportsOutOfRange(uint256 reports, uint256 most);
    /// @notice The rate between the two currencies is stale or missing.
    error RateNotUsable(bytes3 from, bytes3 to, Status status);
    /// @notice The caller is not the contract that keeps the ranges of conditions.
    error OnlyKeeper(address caller, address keeper);
    /// @notice There is no contract at the address of the keeper.
    error KeeperHasNoCode(address keeper);
    /// @notice Of a condition, the range is empty, or the kind is not a condition.
    error RangeInvalid(Kind kind, int32 low, int32 high);
    /// @notice The condition of the consignment is not watched.
    error RangeUnwatched(Kind kind, bytes32 subject);

    /// @notice Sets how a feed is reported and what it means. Governor only. The last value stays, if it lies within
    /// the new band.
    function setPolicy(bytes32 policyId, Rules calldata rules, Terms calldata terms) external;

    /// @notice Stops a feed, of a condition all of its kind, at once: its band is empty, so that no value is reported or
    /// usable, until the governor sets the policy anew. Guardian only.
    function closeBand(bytes32 policyId) external;

    /// @notice Sets the contract that says within which range a consignment's conditions should stay. Governor only.
    /// @param keeper has code
    function setKeeper(address keeper) external;

    /// @notice Takes one report; anyone may relay it. A reading that does not count is told by `ReadingRefused`; a
    /// report that does not hold, by `ReportRefused`, and changes nothing.
    /// @return whether the feed has a new value, or one of the past counts
    function report(Report calldata its) external returns (bool);

    /// @notice The same for several feeds, each judged on its own: one that does not hold neither reverts nor carries
    /// the rest.
    /// @param reports 1 to 32
    /// @return accepted bit i set: report i was taken
    function reportAll(Report[] calldata reports) external returns (uint256 accepted);

    /// @notice Remembers from now on how far and how long the condition of a consignment is outside a range, beginning
    /// with what was measured before; again, with another range, the longest time outside stays. The keeper only.
    /// @param low lowest value within, in the unit of the kind
    /// @param high highest value within
    function watchRange(Kind kind, bytes32 subject, int32 low, int32 high) external;

    /// @notice Begins a new period of a watched condition. The keeper only, on an inspection. One that is out of its
    /// range counts as so from now on. The extremes of `record` stay.
    function restartRange(Kind kind, bytes32 subject) external;

    /// @notice What may be relied on at this moment of a price or a rate.
    /// @return status Usable only where there is a value, within the present band, not older than `staleAfterSeconds`
    /// @return value in the feed's unit and decimals; 0 unless usable
    /// @return observedAt moment of its oldest reading, Unix seconds; 0 where there was none
    function latest(bytes32 feed) external view returns (Status status, int256 value, uint64 observedAt);

    /// @notice The same of a condition of a consignment. `value` may be 0 where it is usable.
    /// @return status as for `latest`
    /// @return value in the unit of the kind; 0 unless usable
    /// @return observedAt moment of its oldest reading, Unix seconds; 0 where there was none
    function condition(Kind kind, bytes32 subject)
        external
        view
        returns (Status status, int256 value, uint64 observedAt);

    /// @notice An amount in another currency at the last rate less its haircut, rounded down; the same currency is
    /// itself. Reverts with `RateNotUsable` where the rate, given either way round, is stale or missing.
    /// @param amount minor units of `from` (ISO 4217)
    /// @return minor units of `to`
    function convert(uint256 amount, bytes3 from, bytes3 to) external view returns (uint256);

    /// @return status of the rate at which `convert` would convert; Usable for a currency and itself
    function rateStatus(bytes3 from, bytes3 to) external view returns (Status status);

    /// @return the last value of a feed as it was reported, usable or not; all zero where there is none
    function record(bytes32 feed) external view returns (Latest memory);
    /// @notice What grades a condition, in one call: whether it may be relied on, and how bad it was in the period.
    /// @return status as for `condition`
    /// @return deepest as of `Excursion`, in the unit of the kind
    /// @return longestSeconds as of `Excursion`
    function worstOf(Kind kind, bytes32 subject)
        external
        view
        returns (Status status, uint32 deepest, uint32 longestSeconds);
    /// @return how far and how long a condition was out of its range; all zero where it is not watched
    function excursion(Kind kind, bytes32 subject) external view returns (Excursion memory);
    /// @return rules and terms of a policy; all zero where there is none, and nothing can be reported
    function policy(bytes32 policyId) external view returns (Rules memory rules, Terms memory terms);
    /// @return Unix seconds from which the next report is due: the heartbeat after the last; 0 where there was none
    function dueAt(bytes32 policyId, bytes32 subject) external view returns (uint64);
    /// @return the contract that keeps the ranges of conditions
    function keeperOfRanges() external view returns (address);
    /// @return the feed, and policy, of the rate of a base currency in a quote currency
    function rateFeedOf(bytes3 base, bytes3 quote) external pure returns (bytes32);
    /// @return the feed of a consignment's condition
    function conditionFeedOf(Kind kind, bytes32 subject) external pure returns (bytes32);
    /// @return the EIP-712 digest that signs a reading under the present version of the policy
    function readingDigest(bytes32 policyId, bytes32 subject, uint64 round, int256 value, uint64 observedAt)
        external
        view
        returns (bytes32);
}
