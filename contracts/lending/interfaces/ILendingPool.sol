// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFirstLossReserve} from "./IFirstLossReserve.sol";
import {IFundingSource} from "./IFundingSource.sol";

/// @notice A pool's two classes of lenders. Senior earns a fixed rate and is paid first; junior owns the rest and loses first.
enum Tranche {
    Senior,
    Junior
}

/// @title One pot of lenders' money in one currency, in two tranches.
/// gross = cash + principalOut + accruedIncome - streaming; net = gross - impairment. Senior's claim grows at its rate and
/// is capped by the assets; junior owns the rest. Shares are bought at gross and given back at net, so that nobody
/// gains by stepping in front of news. Income accrues each second, in aggregate, as W*t - K, one pair per clock.
interface ILendingPool is IFundingSource {
    /// @notice What a pool of this kind may stop. Repayments, claims and the closing of epochs cannot be stopped.
    enum Stoppable {
        Draws,
        Deposits
    }

    /// @param cash minor units that lenders own and that are here: lendable; counted, never read from the token
    /// @param principalOut minor units lent and not written off
    /// @param impairment minor units expected to be lost
    /// @param setAside minor units here that redemption claims have been promised
    struct Books {
        uint256 cash;
        uint256 principalOut;
        uint256 impairment;
        uint256 setAside;
    }

    /// @param fees minor units here, collected for the operator and not yet taken out
    /// @param reserve minor units here, collected for the first-loss reserve and not yet sent there
    /// @param streaming minor units here, received above book, that do not yet count as assets: they do bit by bit
    /// @param streamEndsAt Unix seconds when all of it will count
    struct Held {
        uint256 fees;
        uint256 reserve;
        uint256 streaming;
        uint256 streamEndsAt;
    }

    // pool helper: events, errors, and the functions below with NatSpec

    /// @notice Books a lender's deposit that has arrived here. A vault only.
    function fund(uint256 assets) external;
    /// @notice Pays a redemption claim out of what has been set aside. A vault only.
    function payClaim(address to, uint256 assets) external;
    /// @notice Closes the epoch: see ITrancheVault. Anyone, once `epochSeconds` have passed since the last closing.
    function closeEpoch() external;

    function books() external view returns (Books memory);
    function held() external view returns (Held memory);
    function reserve() external view returns (IFirstLossReserve);
    function grossAssets() external view returns (uint256);
    function netAssets() external view returns (uint256);
    /// @return entry minor units that the tranche's shares are bought at
    /// @return exit minor units that they are given back at; never more than `entry`
    function trancheAssets(Tranche tranche) external view returns (uint256 entry, uint256 exit);
    /// @return minor units that may still be deposited into the tranche: counters, deposit cap, subordination floor, pause
    function fundable(Tranche tranche) external view returns (uint256);
}
