// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, LotId, OrganisationId} from "../types/Ids.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title The registry's look-up, for who needs the organisation and its group: the record that it answers starts with
/// them.
interface IMemberLookup {
    /// @notice As in `IParticipantRegistry`.
    function requireRole(address account, uint32 anyOfRoles) external view returns (OrganisationId, GroupId);
}

/// @title Everything that the token stores. A unit of a lot is in one of the four places of one owner's position, so
/// that titles and holdings sum to the same; what the custodian holds in all is kept beside it, in the lot's stock.
/// @dev The token and the parts that it runs inherit this storage. The token's own, OpenZeppelin's ERC-1155
/// (approvals), comes after it; the parts may declare none.
abstract contract LotBook is AccessManaged, EIP712, Nonces {
    bytes32 private constant RELEASE_ORDER_TYPE = keccak256(
        "ReleaseOrder(uint256 id,uint256 quantity,address beneficiary,address holder,address to,bytes32 subject,uint32 sequence,uint256 deadline,uint256 nonce)"
    );

    /// @notice An exit of which more has left than was ordered.
    /// @param left thousandths that the orders of this exit have taken off the books; 0 where there is no excess
    /// @param subject consignment of the lot that was ordered
    struct Excess {
        uint56 left;
        bytes32 subject;
    }

    IParticipantRegistry internal immutable _registry;
    IMilestoneOracle internal immutable _oracle;

    mapping(LotId id => ILots.Goods) internal _goods;
    mapping(LotId id => ILots.Stock) internal _stocks;
    mapping(LotId id => mapping(address beneficiary => IGoodsRights.Position)) internal _positions;
    mapping(LotId id => bytes32 subject) internal _subjectOf;
    mapping(bytes32 identifier => LotId) internal _lotOfIdentifier;
    mapping(bytes32 subject => mapping(uint32 sequence => LotId)) internal _lotOfEntry;
    mapping(bytes32 digest => address operator) internal _announcements;
    mapping(bytes32 subject => mapping(uint32 sequence => bytes32 digest)) internal _orderOfExit;
    mapping(bytes32 subject => mapping(uint32 sequence => Excess)) internal _excesses;
    mapping(OrganisationId owner => mapping(OrganisationId operator => bool)) internal _isEngaged;
    mapping(address beneficiary => mapping(address custodian => bool)) internal _powersOfSale;
    mapping(address account => mapping(bytes32 digest => bool)) internal _approvedDigests;
    mapping(address custodian => uint8 index) internal _custodianIndex;
    mapping(uint8 index => address) internal _custodianAt;
    mapping(address grader => bool) internal _isGrader;
    uint8 internal _custodianCount;
    /// @dev What is stopped, one bit a `Stoppable`.
    uint8 internal _stopped;

    constructor(IParticipantRegistry registry, IMilestoneOracle oracle, address authority)
        AccessManaged(authority)
        EIP712("Portolan WarehouseReceiptToken", "1")
    {
        (_registry, _oracle) = (registry, oracle);
    }

    // Checks

    function _memberOf(address account, uint32 anyOfRoles) internal view returns (OrganisationId, GroupId) {
        return IMemberLookup(address(_registry)).requireRole(account, anyOfRoles);
    }

    function _requireRunning(ILots.Stoppable what) internal view {
        require(_stopped & _bitOf(what) == 0, ILots.GoodsStopped(what));
    }

    function _bitOf(ILots.Stoppable what) internal pure returns (uint8) {
        return uint8(1 << uint8(what));
    }

    /// @dev A warehouse must not vouch for goods of its own, and so for what they would back.
    function _requireNotOperator(LotId id, OrganisationId owner, GroupId group, OrganisationId operator, GroupId its)
        internal
        pure
    {
        require(!(group == its), ILots.OwnerIsOperator(id, owner, operator));
    }

    /// @dev One custodian could otherwise give back what another holds.
    function _requireCustodian(LotId id, address account, uint8 index) internal view {
        uint8 held = _stocks[id].custodian;
        require(index != 0 && held == index, IGoodsRights.NotCustodianOf(id, account, held));
    }

    /// @dev A signing contract gets a bounded amount of gas, and its answer may be of any length.
    function _requireAgreed(LotId id, address party, bytes32 digest, bytes calldata signature) internal view {
        if (msg.sender == party || _approvedDigests[party][digest]) return;
        require(Signatures.isValid(party, digest, signature), IGoodsRights.SignatureInvalid(id, party));
    }

    function _releaseOrderDigest(IGoodsRights.ReleaseOrder calldata order) internal view returns (bytes32) {
        // Its fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(RELEASE_ORDER_TYPE, order)));
    }

    // Custody

    function _lessInCustody(LotId id, uint56 units) internal {
        ILots.Stock storage stock = _stocks[id];
        uint56 left = stock.inCustody - units;
        stock.inCustody = left;
        if (left == 0) stock.custodian = 0;
    }

    /// @dev The power to sell goes with the last unit in custody.
    function _endPower(IGoodsRights.Position storage its) internal {
        if (its.sellable && its.pledged == 0 && its.pledgedAside == 0) its.sellable = false;
    }
}
