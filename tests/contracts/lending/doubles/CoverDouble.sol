// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingCover} from "../../../../contracts/lending/interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "../../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {FinancingId} from "../../../../contracts/types/Ids.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title An insurer to whom as much is due as the test says, and which counts what it is told and what it has.
contract CoverDouble is IFinancingCover {
    IFinancingDesk private immutable _desk;
    IERC20 private immutable _cash;

    mapping(FinancingId => uint256) public premiumDue;
    mapping(FinancingId => uint256) public subrogatedDue;
    uint256 public premiums;
    uint256 public recoveries;

    constructor(IFinancingDesk desk, IERC20 cash) {
        (_desk, _cash) = (desk, cash);
    }

    function mark(FinancingId id, bool covered) external {
        _desk.markCovered(id, covered);
    }

    function owe(FinancingId id, uint256 premium, uint256 subrogated) external {
        (premiumDue[id], subrogatedDue[id]) = (premium, subrogated);
    }

    /// @notice Pays on a loss, as an insurer does.
    function payLoss(FinancingId id, uint256 amount) external returns (uint256 taken) {
        _cash.approve(address(_desk), amount);
        taken = _desk.repay(id, amount);
        subrogatedDue[id] += taken;
    }

    function bookPremium(FinancingId id, uint256 amount) external {
        require(msg.sender == address(_desk), "desk only");
        premiumDue[id] -= amount;
        premiums += amount;
    }

    function bookRecovery(FinancingId id, uint256 amount) external {
        require(msg.sender == address(_desk), "desk only");
        subrogatedDue[id] -= amount;
        recoveries += amount;
    }
}
