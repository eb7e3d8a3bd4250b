// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneConsumer} from "../oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FinancingId, GroupId} from "../types/Ids.sol";
import {DeskParts} from "./DeskParts.sol";
import {DeskViews} from "./DeskViews.sol";
import {Drawing} from "./Drawing.sol";
import {FacilityBook} from "./FacilityBook.sol";
import {FinancingBook} from "./FinancingBook.sol";
import {Repayments} from "./Repayments.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
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

    // By the collateral

    /// @inheritdoc IFinancingDesk
    /// @dev Without the desk's guard, because an adapter gives up its consignments while the desk has it release a pledge;
    /// the oracle calls nobody back here.
    function watchAlso(FinancingId id, bytes32 subject, bool watched) external {
        Anchor storage anchor = _financings[id].anchor;
        ICollateral collateral = anchor.collateral;
        bool backs = msg.sender == address(collateral) || (!watched && _hasBacked(id, msg.sender));
        require(backs, OnlyCollateralOf(id, msg.sender, address(collateral)));
        if (_watches(oracle, id, subject) == watched) return;
        if (!watched) return oracle.unwatch(subject);

        GroupId beneficiary = oracle.watch(subject, FinancingId.unwrap(id));
        _requireFriend(collateral, subject, beneficiary, anchor.sellerGroup);
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
