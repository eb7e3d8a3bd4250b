// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneConsumer} from "../oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId} from "../types/Ids.sol";
import {DeskParts} from "./DeskParts.sol";
import {DeskViews} from "./DeskViews.sol";
import {Drawing} from "./Drawing.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {Repayments} from "./Repayments.sol";
import {IConcentration} from "./interfaces/IConcentration.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title Opens financings, draws on them when their base allows, and takes their repayments.
contract FinancingDesk is DeskViews, Drawing, Repayments, DeskParts {
    IMilestoneOracle public immutable oracle;

    constructor(
        IParticipantRegistry registry_,
        IMilestoneOracle oracle_,
        IConcentration concentration_,
        address openings,
        address workouts,
        address handovers,
        address authority
    )
        FacilityBook(registry_)
        FinancingBook(concentration_)
        DeskParts(openings, workouts, handovers)
        AccessManaged(authority)
    {
        oracle = oracle_;
    }

    // By the oracle

    /// @inheritdoc IMilestoneConsumer
    /// @dev The tag is the financing, as this contract has told the oracle when it began to watch the subject.
    function onMilestone(bytes32 subject, uint64 tag, uint32, uint32) external nonReentrant {
        require(msg.sender == address(oracle), OnlyOracle(msg.sender, address(oracle)));
        _draw(FinancingId.wrap(tag), subject);
    }

    // Views

    /// @inheritdoc IFinancingDesk
    function financingOf(bytes32 subject) external view returns (FinancingId) {
        return FinancingId.wrap(oracle.tagOf(subject, address(this)));
    }

    // Internals

    function _drawFirst(FinancingId id) internal override nonReentrant {
        _draw(id, 0);
    }
}
