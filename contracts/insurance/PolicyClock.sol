// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInsurancePolicies} from "./interfaces/IInsurancePolicies.sol";

/// @title When a policy's times are over. All in Unix seconds.
library PolicyClock {
    /// @return whether premium was left unpaid when its last moment passed
    function isLapsed(IInsurancePolicies.Policy memory policy) internal view returns (bool) {
        return policy.premiumPaid < policy.terms.premium && block.timestamp > policy.terms.payBy;
    }

    /// @return last moment at which a claim may be made
    function claimableUntil(IInsurancePolicies.Terms memory terms) internal pure returns (uint256) {
        return waitEndsAt(terms, terms.until) + uint256(terms.claimDays) * 1 days;
    }

    /// @return moment from which a loss that began at `lossAt` may be claimed
    function waitEndsAt(IInsurancePolicies.Terms memory terms, uint256 lossAt) internal pure returns (uint256) {
        return lossAt + uint256(terms.waitingDays) * 1 days;
    }
}
