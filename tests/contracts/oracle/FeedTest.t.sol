// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeedOracle} from "../../../contracts/oracle/FeedOracle.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @title The network with three feeds: copper in dollars a tonne and dollars for one euro (three of four inspectors,
/// carriers, warehouses and sensors), and the temperature of Acme's shipment (the same, a sensor among them).
abstract contract FeedTest is Network {
    bytes32 internal constant COPPER = keccak256("Price copper USD/TNE");
    bytes32 internal constant TEMPERATURE = bytes32(uint256(IFeedOracle.Kind.Temperature));
    int256 internal constant COPPER_PRICE = 950_000;
    int256 internal constant EURO_RATE = 108_000_000;
    int256 internal constant COLD = -18_000;
    uint32 internal constant STALE_AFTER = 1 days;
    uint8 internal constant ELIGIBLE = uint8(Roles.INSPECTOR | Roles.CARRIER | Roles.WAREHOUSE | Roles.SENSOR);

    FeedOracle internal feeds;
    bytes32 internal euroRate;
    /// @dev Ten organisations, the first of them with sensors.
    Party[] internal nodes;

    function setUp() public virtual override {
        super.setUp();
        feeds = new FeedOracle(registry, oracle, address(manager));
        _allow(feeds.setPolicy.selector, address(feeds), 1);
        _allow(feeds.setKeeper.selector, address(feeds), 1);
        _allow(feeds.closeBand.selector, address(feeds), 1);
        uint32[4] memory roles = [Roles.SENSOR, Roles.INSPECTOR, Roles.CARRIER, Roles.WAREHOUSE];
        for (uint256 i = 0; i < 10; ++i) {
            nodes.push(_admit(string.concat("NODE", vm.toString(i)), roles[i % 4]));
        }
        euroRate = feeds.rateFeedOf("EUR", "USD");
        feeds.setPolicy(COPPER, _priceRules(), _priceTerms());
        feeds.setPolicy(euroRate, _rateRules(), _rateTerms());
        feeds.setPolicy(TEMPERATURE, _temperatureRules(), _temperatureTerms());
        _openSubject();
    }

    // Policies

    function _priceRules() internal pure returns (IFeedOracle.Rules memory) {
        return IFeedOracle.Rules({
            kind: IFeedOracle.Kind.Price,
            decimals: 2,
            threshold: 3,
            organisations: 4,
            eligibleRoles: ELIGIBLE,
            requiredRoles: 0,
            version: 1,
            mostSpread: 200,
            mostMove: 1000,
            staleAfterSeconds: STALE_AFTER,
            maxAgeSeconds: 1 hours,
            clockSkewSeconds: 1 minutes,
            heartbeatSeconds: 4 hours
        });
    }

    function _priceTerms() internal pure returns (IFeedOracle.Terms memory) {
        return IFeedOracle.Terms(100_000, 2_000_000, "TNE", "USD", 3, 2, 0);
    }

    function _rateRules() internal pure returns (IFeedOracle.Rules memory rules) {
        rules = _priceRules();
        (rules.kind, rules.decimals) = (IFeedOracle.Kind.Fx, 8);
    }

    function _rateTerms() internal pure returns (IFeedOracle.Terms memory) {
        return IFeedOracle.Terms(50_000_000, 200_000_000, "EUR", "USD", 2, 2, 0);
    }

    /// @dev From -60 to 80 degrees; two degrees apart, thirty from one reading to the next.
    function _temperatureRules() internal pure returns (IFeedOracle.Rules memory rules) {
        rules = _priceRules();
        (rules.kind, rules.decimals) = (IFeedOracle.Kind.Temperature, 3);
        (rules.mostSpread, rules.mostMove) = (2000, 30_000);
        rules.requiredRoles = uint8(Roles.SENSOR);
    }

    function _temperatureTerms() internal pure returns (IFeedOracle.Terms memory) {
        return IFeedOracle.Terms(-60_000, 80_000, 0, 0, 0, 0, 0);
    }

    // Reports

    /// @return its the next report of a feed, with nobody's reading yet
    function _next(bytes32 policyId, uint256 readings) internal view returns (IFeedOracle.Report memory its) {
        its = IFeedOracle.Report(
            policyId, _subjectOf(policyId), _roundOf(policyId) + 1, new IFeedOracle.Reading[](readings)
        );
    }

    function _subjectOf(bytes32 policyId) internal pure returns (bytes32) {
        return policyId == TEMPERATURE ? SHIPMENT : bytes32(0);
    }

    function _feedOf(bytes32 policyId) internal view returns (bytes32) {
        if (policyId != TEMPERATURE) return policyId;
        return feeds.conditionFeedOf(IFeedOracle.Kind.Temperature, SHIPMENT);
    }

    function _roundOf(bytes32 policyId) internal view returns (uint64) {
        return feeds.record(_feedOf(policyId)).round;
    }

    function _reading(IFeedOracle.Report memory its, Party memory party, int256 value, uint256 observedAt)
        internal
        view
        returns (IFeedOracle.Reading memory)
    {
        bytes32 digest = feeds.readingDigest(its.policyId, its.subject, its.round, value, uint64(observedAt));
        (bytes32 r, bytes32 vs) = vm.signCompact(party.key, digest);
        return IFeedOracle.Reading(party.account, value, uint64(observedAt), r, vs);
    }

    /// @return its the next report with the same value of the first nodes
    function _agreed(bytes32 policyId, int256 value, uint256 readings)
        internal
        view
        returns (IFeedOracle.Report memory its)
    {
        its = _next(policyId, readings);
        for (uint256 i = 0; i < readings; ++i) {
            its.readings[i] = _reading(its, nodes[i], value, block.timestamp);
        }
    }

    /// @return its the next report, one value a node in the order of the nodes
    function _reportOf(bytes32 policyId, int256[] memory values) internal view returns (IFeedOracle.Report memory its) {
        its = _next(policyId, values.length);
        for (uint256 i = 0; i < values.length; ++i) {
            its.readings[i] = _reading(its, nodes[i], values[i], block.timestamp);
        }
    }

    function _three(int256 a, int256 b, int256 c) internal pure returns (int256[] memory values) {
        values = new int256[](3);
        (values[0], values[1], values[2]) = (a, b, c);
    }

    /// @notice Three nodes agree on a value, now.
    function _feed(bytes32 policyId, int256 value) internal {
        assertTrue(feeds.report(_agreed(policyId, value, 3)));
    }

    function _expectReadingRefused(bytes32 policyId, address signer, IFeedOracle.Refusal reason) internal {
        uint64 round = _roundOf(policyId) + 1;
        vm.expectEmit(address(feeds));
        emit IFeedOracle.ReadingRefused(policyId, _subjectOf(policyId), round, signer, reason);
    }

    /// @notice The report is refused, for this reason, and nothing of the feed changes.
    function _refused(IFeedOracle.Report memory its, IFeedOracle.Refusal reason) internal {
        bytes32 feed = _feedOf(its.policyId);
        IFeedOracle.Latest memory before = feeds.record(feed);
        vm.expectEmit(address(feeds));
        emit IFeedOracle.ReportRefused(its.policyId, its.subject, its.round, reason);
        assertFalse(feeds.report(its));
        assertEq(abi.encode(feeds.record(feed)), abi.encode(before));
    }

    /// @notice A report of three whose last reading does not count.
    function _oneRefused(IFeedOracle.Report memory its, IFeedOracle.Refusal reason) internal {
        uint256 last = its.readings.length - 1;
        _expectReadingRefused(its.policyId, its.readings[last].signer, reason);
        _refused(its, IFeedOracle.Refusal.QuorumNotReached);
    }
}
