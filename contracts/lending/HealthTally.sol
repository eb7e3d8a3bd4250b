// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHealthCheck} from "./interfaces/IHealthCheck.sol";

/// @title Sums by what they are of, in memory: finding one costs the same however many there are.
/// @dev A table that is never more than half full. A sum lies where the hash of what it is of points, or at the next place
/// that was free.
library HealthTally {
    /// @dev What a sum is of. A free place has none.
    uint8 internal constant PRINCIPAL = 1;
    uint8 internal constant IMPAIRMENT = 2;
    uint8 internal constant INCOME = 3;
    uint8 internal constant DRAWN = 4;
    uint8 internal constant EXPOSURE = 5;
    uint8 internal constant WAITING = 6;
    uint8 internal constant SOURCE = 8;

    uint256 private constant FIRST_SIZE = 64;

    /// @param first the number that it came up with first, where it is new
    function add(
        IHealthCheck.Tally memory tally,
        uint8 what,
        address holder,
        uint256 key,
        uint256 first,
        uint256 amount
    ) internal pure {
        if (2 * (tally.used + 1) > tally.sums.length) _grow(tally);
        IHealthCheck.Sum memory sum = tally.sums[_placeOf(tally.sums, what, holder, key)];
        sum.amount += amount;
        if (sum.what != 0) return;
        (sum.what, sum.holder, sum.key, sum.first) = (what, holder, key, first);
        ++tally.used;
    }

    /// @return whether there is such a sum, be it zero
    function has(IHealthCheck.Tally memory tally, uint8 what, address holder, uint256 key)
        internal
        pure
        returns (bool)
    {
        if (tally.sums.length == 0) return false;
        return tally.sums[_placeOf(tally.sums, what, holder, key)].what != 0;
    }

    /// @return zero where there is none
    function sumOf(IHealthCheck.Tally memory tally, uint8 what, address holder, uint256 key)
        internal
        pure
        returns (uint256)
    {
        if (tally.sums.length == 0) return 0;
        return tally.sums[_placeOf(tally.sums, what, holder, key)].amount;
    }

    function _grow(IHealthCheck.Tally memory tally) private pure {
        IHealthCheck.Sum[] memory old = tally.sums;
        tally.sums = new IHealthCheck.Sum[](old.length == 0 ? FIRST_SIZE : 2 * old.length);
        for (uint256 i; i < old.length; ++i) {
            IHealthCheck.Sum memory sum = old[i];
            if (sum.what != 0) tally.sums[_placeOf(tally.sums, sum.what, sum.holder, sum.key)] = sum;
        }
    }

    function _placeOf(IHealthCheck.Sum[] memory sums, uint8 what, address holder, uint256 key)
        private
        pure
        returns (uint256 place)
    {
        place = uint256(keccak256(abi.encode(what, holder, key))) % sums.length;
        while (!_isFor(sums[place], what, holder, key)) {
            place = (place + 1) % sums.length;
        }
    }

    /// @return whether it is the sum that is looked for, or a free place for it
    function _isFor(IHealthCheck.Sum memory sum, uint8 what, address holder, uint256 key) private pure returns (bool) {
        return sum.what == 0 || (sum.what == what && sum.holder == holder && sum.key == key);
    }
}
