// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrganisationSet} from "../../../contracts/libraries/OrganisationSet.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @title The network with one shipment of Acme's open for facts, and two policies: departure (threshold 2, a carrier
/// among them) and receipt (threshold 2, a warehouse among them, half a per cent of tolerance).
abstract contract OracleTest is Network {
    uint32 internal constant DEPARTED = Milestones.DEPARTED;
    uint32 internal constant RECEIVED = Milestones.RECEIVED;
    uint16 internal constant TOLERANCE = 50;

    Party internal customs;

    function setUp() public virtual override {
        super.setUp();
        customs = _admit("GATEKEEPERCUSTOMS", Roles.CUSTOMS);
        oracle.setPolicy(DEPARTED, _policyOf(Roles.CARRIER | Roles.INSPECTOR | Roles.CUSTOMS, Roles.CARRIER));
        oracle.setPolicy(RECEIVED, _policyOf(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CONSIGNEE, Roles.WAREHOUSE));
        _openSubject();
    }

    function _policyOf(uint32 eligible, uint32 required) internal pure returns (IMilestoneOracle.Policy memory) {
        return IMilestoneOracle.Policy(2, uint8(eligible), uint8(required), TOLERANCE, 90 days, 5 minutes, 0);
    }

    /// @notice Everyone of the parties reports the same single item, in one call.
    function _attestTogether(IMilestoneOracle.Observation memory item, Party[] memory parties) internal {
        IMilestoneOracle.Observation[] memory items = _list(item);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](parties.length);
        for (uint256 i = 0; i < parties.length; ++i) {
            votes[i] = _vote(parties[i], items, 1);
        }
        oracle.attest(items, votes);
    }

    function _attestItem(Party memory party, IMilestoneOracle.Observation memory item) internal {
        IMilestoneOracle.Observation[] memory items = _list(item);
        oracle.attest(items, _ballot(_vote(party, items, 1)));
    }

    function _refused(Party memory party, IMilestoneOracle.Observation memory item, IMilestoneOracle.Refusal reason)
        internal
    {
        IMilestoneOracle.Observation[] memory items = _list(item);
        IMilestoneOracle.Vote[] memory votes = _ballot(_vote(party, items, 1));
        _expectRefusal(item, party.account, reason);
        oracle.attest(items, votes);
    }

    function _expectRefusal(IMilestoneOracle.Observation memory item, address signer, IMilestoneOracle.Refusal reason)
        internal
    {
        vm.expectEmit(address(oracle));
        emit IMilestoneOracle.VoteRefused(item.subject, item.milestone, item.sequence, signer, reason);
    }

    /// @return their numbers as `VotesCounted` packs them
    function _placesOf(Party[] memory parties) internal pure returns (OrganisationSet) {
        uint256 places = 0;
        for (uint256 i = 0; i < parties.length; ++i) {
            places += uint256(OrganisationId.unwrap(parties[i].id)) * 2 ** (24 * i);
        }
        return OrganisationSet.wrap(places);
    }

    /// @return evidence what `_vote` gives as theirs
    function _evidenceOf(Party[] memory parties) internal pure returns (bytes32[] memory evidence) {
        evidence = new bytes32[](parties.length);
        for (uint256 i = 0; i < parties.length; ++i) {
            evidence[i] = keccak256(abi.encode("evidence", parties[i].account));
        }
    }

    function _factOf(uint32 milestone) internal view returns (IMilestoneOracle.Fact memory) {
        return oracle.fact(SHIPMENT, milestone, 1);
    }

    function _assertStatus(uint32 milestone, IMilestoneOracle.Status status) internal view {
        assertEq(uint8(_factOf(milestone).status), uint8(status));
    }

    function _list(IMilestoneOracle.Observation memory item)
        internal
        pure
        returns (IMilestoneOracle.Observation[] memory items)
    {
        items = new IMilestoneOracle.Observation[](1);
        items[0] = item;
    }

    function _ballot(IMilestoneOracle.Vote memory vote) internal pure returns (IMilestoneOracle.Vote[] memory votes) {
        votes = new IMilestoneOracle.Vote[](1);
        votes[0] = vote;
    }

    function _two(Party memory first, Party memory second) internal pure returns (Party[] memory parties) {
        parties = new Party[](2);
        (parties[0], parties[1]) = (first, second);
    }
}
