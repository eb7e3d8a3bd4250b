// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One question about the whole of lending: does everything that must always hold, hold now?
/// @dev Reads only what the contracts track and the token balances behind it. Its cost grows with the number of
/// facilities and financings: it is meant to be asked off chain, and in parts where there are very many.
interface IHealthCheck {
    /// @notice Asks everything.
    /// @return healthy whether all holds
    /// @return invariant the first that does not, in words; empty where all holds
    /// @return subject what it does not hold for: a pool's address, or the number of a facility or financing
    function check() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what has to be added up: the pools' money, principal, expected losses, income and prices, and what
    /// is drawn of each facility.
    function checkSums() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what concerns financings `from` to `to`, both included.
    function checkFinancings(uint64 from, uint64 to)
        external
        view
        returns (bool healthy, string memory invariant, uint256 subject);
}
