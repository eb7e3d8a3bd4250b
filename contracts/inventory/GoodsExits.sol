// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {Milestones} from "../types/Milestones.sol";
import {IGoodsValuation} from "./interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "./interfaces/IWarehouseReceiptToken.sol";

/// @title Whether what a quorum saw leave a warehouse is explained by orders. Exits are numbered from 1: the next number is
/// always looked at, one further on once anybody has reported it.
abstract contract GoodsExits is IGoodsValuation {
    /// @dev From the harmless to the grave. `Ordered`: whoever confirms the order will know whether it explains the exit.
    enum Exit {
        None,
        Explained,
        Ordered,
        Unexplained
    }

    /// @param passed every exit up to this number is explained
    /// @param reported an exit further on that was not when it was reported
    struct Exits {
        uint32 passed;
        uint32 reported;
    }

    /// @dev Somebody passes those that are explained before there are more.
    uint256 private constant MOST_AT_ONCE = 16;
    /// @dev As the token has them.
    bytes32 private constant SPENT = bytes32(uint256(1));
    bytes32 private constant EXCEEDED = bytes32(uint256(2));
    uint32 private constant ELSEWHERE = 0;

    IWarehouseReceiptToken public immutable goods;
    IMilestoneOracle public immutable oracle;

    mapping(bytes32 subject => Exits) private _exits;

    constructor(IWarehouseReceiptToken goods_, IMilestoneOracle oracle_) {
        (goods, oracle) = (goods_, oracle_);
    }

    // Anyone

    /// @inheritdoc IGoodsValuation
    function reportExit(bytes32 subject, uint32 sequence) external {
        Exits storage its = _exits[subject];
        require(_exitAt(subject, sequence, 0) == Exit.Unexplained, ExitNotAmiss(subject, sequence));
        uint32 other = its.reported;
        bool stands = other != 0 && _exitAt(subject, other, 0) == Exit.Unexplained;
        // One from before the goods came in must not stand in the way of another.
        require(!stands || _leftAt(subject, sequence) > _leftAt(subject, other), ExitReportedAlready(subject, other));

        its.reported = sequence;
        emit ExitAmiss(subject, sequence);
    }

    /// @inheritdoc IGoodsValuation
    function passExits(bytes32 subject) external returns (uint32 passed) {
        Exits storage its = _exits[subject];
        passed = its.passed;
        while (_exitAt(subject, passed + 1, 0) == Exit.Explained) ++passed;
        its.passed = passed;
    }

    // Views

    /// @inheritdoc IGoodsValuation
    function hasLeft(bytes32 subject, uint32 sequence) public view returns (bool) {
        return oracle.fact(subject, Milestones.RELEASED, sequence).finalAt != 0;
    }

    // Internals

    /// @param since moment before which what left was not the goods in question, Unix seconds
    /// @return gravest of all exits that are looked at
    function _exitsOf(bytes32 subject, uint256 since) internal view returns (Exit gravest) {
        if (goods.orderOfExit(subject, ELSEWHERE) != 0) return Exit.Unexplained;
        Exits memory its = _exits[subject];
        if (its.reported != 0) gravest = _exitAt(subject, its.reported, since);
        for (uint256 i = 1; i <= MOST_AT_ONCE; ++i) {
            // Safe: there are not as many exits as that.
            Exit one = _exitAt(subject, uint32(its.passed + i), since);
            if (one == Exit.None) return gravest;
            if (one > gravest) gravest = one;
        }
        return gravest > Exit.Ordered ? gravest : Exit.Ordered;
    }

    function _leftAt(bytes32 subject, uint32 sequence) private view returns (uint256) {
        return oracle.fact(subject, Milestones.RELEASED, sequence).occurredAt;
    }

    /// @dev What a quorum has said counts within the dispute window, too, and in dispute: an exit that was none the warehouse
    /// declines, once it is in dispute.
    function _exitAt(bytes32 subject, uint32 sequence, uint256 since) private view returns (Exit) {
        IMilestoneOracle.Fact memory fact = oracle.fact(subject, Milestones.RELEASED, sequence);
        if (fact.finalAt == 0) return Exit.None;
        if (fact.occurredAt < since) return Exit.Explained;
        bytes32 digest = goods.orderOfExit(subject, sequence);
        if (digest == SPENT) return Exit.Explained;
        return digest == 0 || digest == EXCEEDED ? Exit.Unexplained : Exit.Ordered;
    }
}
