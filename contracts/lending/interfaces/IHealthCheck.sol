// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title One question about the whole of lending: does everything that must always hold, hold now?
/// @dev Reads only what the contracts track and the token balances behind it. Its cost grows with the number of
/// financings and facilities, and no faster: it is meant to be asked off chain, in pages where one call would not do. It
/// knows the pools that it was made with; money from elsewhere makes it say so.
///
/// In pages, at one block: `checkFinancings` of 1 to 500, of 501 to 1000, …; and `addUp` of an empty tally to 500, of what
/// that answered to 1000, …, and `checkTally` of the last answer. Together they answer what `check` does.
interface IHealthCheck {
    /// @notice One of the sums over financings.
    /// @param what kind of it; 0 for a free place
    /// @param holder source of money or custodian
    /// @param key what else it is of
    /// @param first financing or facility that it came up with first
    /// @param amount minor units, or an interest numerator
    struct Sum {
        uint8 what;
        address holder;
        uint256 key;
        uint256 first;
        uint256 amount;
    }

    /// @notice What has been added up so far: begin with an empty one, and hand on what `addUp` answers.
    /// @param counted financings that are in it: 1 to this
    /// @param used places of `sums` that are taken
    /// @param sums a table, in an order of its own
    struct Tally {
        uint64 counted;
        uint256 used;
        Sum[] sums;
    }

    /// @notice Not all financings have been added up.
    error TallyIncomplete(uint256 counted, uint256 count);

    /// @notice Asks everything.
    /// @return healthy whether all holds
    /// @return invariant the first that does not, in words; empty where all holds
    /// @return subject what it does not hold for: a pool's address, or the number of a facility or financing
    function check() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what has to be added up: the pools' money, principal, expected losses, income and prices, the parts of
    /// syndicates, what is drawn of each facility and what is parked for its supplier, proceeds that wait, exposures.
    function checkSums() external view returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Asks what each of the financings `from` to `to`, both included, must hold alone: its state, its pledge and the
    /// source of money that it counts against.
    /// @param from at least 1
    /// @param to may be beyond the last
    function checkFinancings(uint64 from, uint64 to)
        external
        view
        returns (bool healthy, string memory invariant, uint256 subject);

    /// @notice Adds the next financings to a tally.
    /// @param to the last to be added; may be beyond the last that there is
    function addUp(Tally memory tally, uint64 to) external view returns (Tally memory);

    /// @notice As `checkSums`, by a tally of all financings.
    function checkTally(Tally memory tally)
        external
        view
        returns (bool healthy, string memory invariant, uint256 subject);
}
