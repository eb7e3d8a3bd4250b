// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One question about the whole of lending: does everything that must always hold, hold now?
/// @dev Reads only what the contracts track and the token balances behind it. Its cost grows with the number of
/// facilities, and with the square of that of financings: it is meant to be asked off chain, in parts where there are
/// many. It knows the pools that it was made with; money from elsewhere makes it say so.
interface IHealthCheck {
    /// @notice Asks everything.
    /// @return healthy whether all holds
    /// @return invariant the first that does not, in words; empty where all holds
    /// @return subject what it does not hold for: a pool's address, or the number of a facility or financing
    function check() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what has to be added up: the pools' money, principal, expected losses, income and prices, the parts of
    /// syndicates, what is drawn of each facility and what is parked for its supplier.
    function checkSums() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what concerns financings `from` to `to`, both included: states, pledges, proceeds that wait, exposures.
    /// @param from at least 1
    /// @param to may be beyond the last
    function checkFinancings(uint64 from, uint64 to)
        external
        view
        returns (bool healthy, string memory invariant, uint256 subject);
}
