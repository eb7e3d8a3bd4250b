// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../../contracts/oracle/interfaces/IMilestoneOracle.sol";

/// @title Facts that the test sets.
contract OracleDouble {
    struct Fact {
        IMilestoneOracle.Status status;
        uint64 quantity;
    }

    mapping(bytes32 subject => mapping(uint32 milestone => mapping(uint32 sequence => Fact))) private _facts;

    function set(bytes32 subject, uint32 milestone, uint32 sequence, IMilestoneOracle.Status status, uint256 quantity)
        external
    {
        _facts[subject][milestone][sequence] = Fact(status, uint64(quantity));
    }

    function standing(bytes32 subject, uint32 milestone, uint32 sequence)
        external
        view
        returns (IMilestoneOracle.Status, uint64)
    {
        Fact storage fact = _facts[subject][milestone][sequence];
        return (fact.status, fact.quantity);
    }

    function furthest(bytes32 subject, uint256 milestones)
        external
        view
        returns (uint256 index, IMilestoneOracle.Status, uint64)
    {
        for (; milestones != 0; ++index) {
            Fact storage fact = _facts[subject][uint16(milestones)][1];
            bool stands =
                fact.status == IMilestoneOracle.Status.Final || fact.status == IMilestoneOracle.Status.Disputed;
            if (stands) return (index, fact.status, fact.quantity);
            milestones >>= 16;
        }
        return (4, IMilestoneOracle.Status.None, 0);
    }
}
