// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rates} from "../types/Rates.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {ISyndicate} from "./interfaces/ISyndicate.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Whose money a syndicate's is: what counts against a key of the syndicate counts against the same key of every
/// member, by funding shares and rounded up.
/// @dev A member's part is worked out from the whole that stands against the key, before and after, so that it does not
/// depend on the way there, and is zero when the whole is.
abstract contract MemberShares is IConcentration {
    mapping(IFundingSource syndicate => Share[]) internal _members;
    mapping(IFundingSource pool => Share[]) private _syndicates;

    // Views

    /// @inheritdoc IConcentration
    function membersOf(IFundingSource syndicate) external view returns (Share[] memory) {
        return _members[syndicate];
    }

    /// @inheritdoc IConcentration
    function syndicatesOf(IFundingSource pool) external view returns (Share[] memory) {
        return _syndicates[pool];
    }

    // Internals

    /// @dev Members and shares are fixed when a syndicate is made, so that they are asked for once. A pool has none.
    /// @return whether the source is a syndicate
    function _meetMembers(IFundingSource source) internal returns (bool) {
        if (address(source).code.length == 0) return false;
        try ISyndicate(address(source)).members() returns (ISyndicate.Member[] memory members) {
            for (uint256 i; i < members.length; ++i) {
                _members[source].push(Share(members[i].pool, members[i].fundingBps));
                _syndicates[members[i].pool].push(Share(source, members[i].fundingBps));
            }
            return true;
        } catch {
            return false;
        }
    }

    /// @return minor units, rounded up
    function _partOf(uint256 whole, uint256 fundingBps) internal pure returns (uint256) {
        return Math.ceilDiv(whole * fundingBps, Rates.BPS);
    }

    /// @return the most that may be added to the whole so that the member's part grows by `most` at most
    function _wholeWithin(uint256 whole, uint256 fundingBps, uint256 most) internal pure returns (uint256) {
        if (most == 0) return 0;
        return (_partOf(whole, fundingBps) + most) * Rates.BPS / fundingBps - whole;
    }
}
