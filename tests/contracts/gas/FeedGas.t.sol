// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FeedTest} from "../oracle/FeedTest.t.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title A reading of a feed.
/// @dev Steady use: the feed has a value already, each witness has its own, in ascending order as a relay sorts them. Of
/// the condition, its range is watched and the value lies within it.
/// forge-config: default.isolate = true
contract FeedGas is FeedTest, GasRecord {
    function setUp() public override {
        super.setUp();
        feeds.setKeeper(address(this));
        feeds.watchRange(IFeedOracle.Kind.Temperature, SHIPMENT, -25_000, -15_000);
        _setQuorum(COPPER, _priceRules(), _priceTerms());
        _setQuorum(TEMPERATURE, _temperatureRules(), _temperatureTerms());
        _take(COPPER, COPPER_PRICE, 5);
        _take(TEMPERATURE, COLD, 5);
        vm.warp(block.timestamp + 1 hours);
    }

    function test_priceByThree() public {
        feeds.setPolicy(COPPER, _numbered(_priceRules(), 3), _priceTerms());
        _take(COPPER, COPPER_PRICE + 100, 3);
        _record("a price by 3 signers", 72_000);
    }

    function test_priceByFive() public {
        _take(COPPER, COPPER_PRICE + 100, 5);
        _record("a price by 5 signers", 90_000);
    }

    /// @dev Within the watched range, as the one before: no more is read of it. Values below zero take more calldata.
    function test_conditionByFive() public {
        _take(TEMPERATURE, COLD + 100, 5);
        _record("a condition by 5 signers", 90_000);
    }

    /// @dev Five of seven: two may lie.
    function _setQuorum(bytes32 policyId, IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) private {
        (rules.threshold, rules.organisations) = (5, 7);
        feeds.setPolicy(policyId, _numbered(rules, 2), terms);
    }

    function _numbered(IFeedOracle.Rules memory rules, uint32 version) private pure returns (IFeedOracle.Rules memory) {
        rules.version = version;
        return rules;
    }

    function _take(bytes32 policyId, int256 value, uint256 signers) private {
        int256[] memory values = new int256[](signers);
        for (uint256 i = 0; i < signers; ++i) {
            values[i] = value + int256(i);
        }
        IFeedOracle.Report memory its = _reportOf(policyId, values);
        assertTrue(feeds.report(its));
    }
}
