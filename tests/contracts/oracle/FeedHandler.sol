// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {ConditionGrades} from "../../../contracts/oracle/ConditionGrades.sol";
import {FeedOracle} from "../../../contracts/oracle/FeedOracle.sol";
import {MilestoneOracle} from "../../../contracts/oracle/MilestoneOracle.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Test, Vm} from "forge-std/Test.sol";

/// @dev Reports a price and a temperature at random: two keys an organisation, affiliates, strangers, lies, old and
/// forged readings; changes policies, lets time pass, inspects. Keeps what it knows of each report by itself.
contract FeedHandler is Test {
    struct Signer {
        address account;
        uint256 key;
        uint256 organisation;
        bool reportsPrice;
        bool reportsCondition;
        bool senses;
    }

    /// @dev What is known of a feed: of its last accepted report, and of all.
    struct Ghost {
        uint256 rounds;
        uint256 observedAt;
        int256 value;
        int256 low;
        int256 high;
        int256 least;
        int256 greatest;
        bool broken;
        uint256 past;
    }

    bytes32 private immutable _price;
    bytes32 private immutable _temperature;
    bytes32 private immutable _subject;
    address private immutable _governor;
    FeedOracle private immutable _feeds;
    ConditionGrades private immutable _grades;
    MilestoneOracle private immutable _milestones;
    Signer[] private _signers;
    address private _inspector;
    uint256 private _inspectorKey;
    uint32 private _inspections;
    mapping(bytes32 policyId => Ghost) private _ghosts;
    uint8 public lastGrade;
    bool public improvedByItself;
    uint256 public accepted;
    uint256 public regraded;
    bool private _isLate;

    constructor(
        FeedOracle feeds,
        ConditionGrades grades,
        MilestoneOracle milestones,
        bytes32[2] memory policies,
        bytes32 subject
    ) {
        (_feeds, _grades, _milestones, _subject) = (feeds, grades, milestones, subject);
        (_price, _temperature, _governor) = (policies[0], policies[1], msg.sender);
    }

    function addSigner(Signer calldata signer) external {
        _signers.push(signer);
    }

    function setInspector(address account, uint256 key) external {
        (_inspector, _inspectorKey) = (account, key);
    }

    function ghostOf(bytes32 policyId) external view returns (Ghost memory) {
        return _ghosts[policyId];
    }

    // Moves

    /// @param seed who reports what: most readings near each other, some not, some with a fault
    function report(bool condition, uint256 seed, uint256 count, uint256 centre) external {
        bytes32 policyId = condition ? _temperature : _price;
        count = bound(count, 1, 10);
        IFeedOracle.Report memory its = IFeedOracle.Report(
            policyId, condition ? _subject : bytes32(0), _roundOf(policyId) + 1, new IFeedOracle.Reading[](count)
        );
        int256 middle = condition ? int256(bound(centre, 0, 20_000)) - 25_000 : int256(bound(centre, 900_000, 980_000));
        (uint256 organisations, bool sensed, bool early) = (0, false, seed % 11 == 0);
        _isLate = seed % 3 == 0;
        if (early) --its.round;
        int256[2] memory range = [type(int256).max, type(int256).min];
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            Signer memory signer = _signers[random % _signers.length];
            (IFeedOracle.Reading memory reading, bool sound) = _readingOf(its, signer, random >> 16, middle);
            its.readings[i] = reading;
            if (!sound || !(condition ? signer.reportsCondition : signer.reportsPrice)) continue;
            organisations |= 1 << signer.organisation;
            sensed = sensed || signer.senses;
            if (reading.value < range[0]) range[0] = reading.value;
            if (reading.value > range[1]) range[1] = reading.value;
        }
        bool possible = !early && _ones(organisations) >= 3 && (!condition || sensed);
        _send(its, possible, range);
        _lookAtGrade();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 8 hours));
        _lookAtGrade();
    }

    function changeBand(uint256 least) external {
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = _feeds.policy(_price);
        (rules.version, terms.least) = (rules.version + 1, int88(int256(bound(least, 800_000, 950_000))));
        vm.prank(_governor);
        _feeds.setPolicy(_price, rules, terms);
    }

    function assess() external {
        _grades.assess(_subject);
        _lookAtGrade();
    }

    /// @notice An inspection now; where a reading is as late, it is refused, and the grade stays.
    function inspect(uint8 grade) external {
        IMilestoneOracle.Observation[] memory items = new IMilestoneOracle.Observation[](1);
        items[0] =
            IMilestoneOracle.Observation(_subject, Milestones.INSPECTED, ++_inspections, uint64(block.timestamp), 1000);
        bytes32 digest = _milestones.attestationDigest(items, 1, "survey");
        (bytes32 r, bytes32 vs) = vm.signCompact(_inspectorKey, digest);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = IMilestoneOracle.Vote(1, "survey", r, vs);
        _milestones.attest(items, votes);
        vm.prank(_inspector);
        try _grades.regrade(_subject, _inspections, grade % 6) {
            ++regraded;
            (, lastGrade) = _grades.gradeOf(_subject);
        } catch {
            _lookAtGrade();
        }
    }

    // Internals

    /// @return reading of a signer; one of eight has a fault
    /// @return sound whether it has none
    function _readingOf(IFeedOracle.Report memory its, Signer memory signer, uint256 random, int256 middle)
        private
        view
        returns (IFeedOracle.Reading memory reading, bool sound)
    {
        reading.signer = signer.account;
        reading.value = middle + int256(random % 1000);
        reading.observedAt = uint64(block.timestamp - random % 30 minutes);
        // Now and then all that a report says is of an hour ago, or nearly.
        if (its.policyId == _temperature && _isLate) reading.observedAt -= uint64(random % 5 minutes + 20 minutes);
        uint256 fault = (random >> 64) % 24;
        if (fault == 0) reading.observedAt = uint64(block.timestamp + 1 hours);
        if (fault == 1) reading.observedAt = uint64(block.timestamp - 2 hours);
        bytes32 digest = _feeds.readingDigest(its.policyId, its.subject, its.round, reading.value, reading.observedAt);
        (reading.r, reading.vs) = vm.signCompact(signer.key, digest);
        if (fault == 2) reading.value += 1;
        sound = fault > 2 && reading.observedAt > _mustBeNewerThan(its, reading);
    }

    /// @dev A report of a condition that begins with a reading no newer than the last value takes what the period has not
    /// seen.
    function _mustBeNewerThan(IFeedOracle.Report memory its, IFeedOracle.Reading memory reading)
        private
        view
        returns (uint256)
    {
        uint256 last = _recordOf(its.policyId).observedAt;
        uint256 first = its.readings[0].signer == address(0) ? reading.observedAt : its.readings[0].observedAt;
        if (its.policyId == _price || first > last) return last;
        return _feeds.excursion(IFeedOracle.Kind.Temperature, _subject).since;
    }

    function _send(IFeedOracle.Report memory its, bool possible, int256[2] memory range) private {
        Ghost storage ghost = _ghosts[its.policyId];
        IFeedOracle.Latest memory before = _recordOf(its.policyId);
        vm.recordLogs();
        bool taken = _feeds.report(its);
        IFeedOracle.Latest memory last = _recordOf(its.policyId);
        if (!taken) {
            if (keccak256(abi.encode(before)) != keccak256(abi.encode(last))) ghost.broken = true;
            return;
        }
        ++accepted;
        (bool past, uint256 counted, int256 value) = _countedOf(vm.getRecordedLogs());
        if (!possible || counted < 3 || counted > 4) ghost.broken = true;
        if (past) return _notePast(ghost, before, last, value, range);
        if (last.round != before.round + 1 || last.observedAt <= before.observedAt) ghost.broken = true;
        bool first = ghost.rounds == 0;
        (ghost.rounds, ghost.observedAt, ghost.value) = (last.round, last.observedAt, last.value);
        (ghost.low, ghost.high) = (range[0], range[1]);
        if (first || last.value < ghost.least) ghost.least = last.value;
        if (first || last.value > ghost.greatest) ghost.greatest = last.value;
    }

    /// @dev Of the past: within its readings, and nothing but the extremes is another.
    function _notePast(
        Ghost storage ghost,
        IFeedOracle.Latest memory before,
        IFeedOracle.Latest memory last,
        int256 value,
        int256[2] memory range
    ) private {
        ++ghost.past;
        if (value < range[0] || value > range[1]) ghost.broken = true;
        if (value < ghost.least) ghost.least = value;
        if (value > ghost.greatest) ghost.greatest = value;
        (last.least, last.greatest) = (before.least, before.greatest);
        if (keccak256(abi.encode(before)) != keccak256(abi.encode(last))) ghost.broken = true;
    }

    function _countedOf(Vm.Log[] memory logs) private pure returns (bool past, uint256 counted, int256 value) {
        for (uint256 i = 0; i < logs.length; ++i) {
            past = logs[i].topics[0] == IFeedOracle.PastValueReported.selector;
            if (!past && logs[i].topics[0] != IFeedOracle.ValueReported.selector) continue;
            OrganisationSet organisations;
            (, value,, organisations) = abi.decode(logs[i].data, (uint64, int256, uint64, OrganisationSet));
            return (past, organisations.size(), value);
        }
        return (false, 0, 0);
    }

    function _lookAtGrade() private {
        (, uint8 grade) = _grades.gradeOf(_subject);
        if (grade < lastGrade) improvedByItself = true;
        lastGrade = grade;
    }

    function _recordOf(bytes32 policyId) private view returns (IFeedOracle.Latest memory) {
        bool condition = policyId == _temperature;
        return _feeds.record(condition ? _feeds.conditionFeedOf(IFeedOracle.Kind.Temperature, _subject) : policyId);
    }

    function _roundOf(bytes32 policyId) private view returns (uint64) {
        return _recordOf(policyId).round;
    }

    function _ones(uint256 set) private pure returns (uint256 count) {
        for (; set != 0; set &= set - 1) {
            ++count;
        }
    }
}
