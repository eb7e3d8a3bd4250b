// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {GroupId, LotId, OrganisationId} from "../types/Ids.sol";
import {Milestones} from "../types/Milestones.sol";
import {Rates} from "../types/Rates.sol";
import {Roles} from "../types/Roles.sol";
import {LotBook} from "./LotBook.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The part of the token by which goods leave the warehouse: ordered by who owns and who holds them, set aside,
/// and off the books when their exit is attested.
/// @dev Code without a state of its own: the token runs it on its own storage, by delegatecall, because it would not
/// fit beside what moves holdings and titles.
/// @dev An order is kept as its digest, at its exit: whoever ends it sends it again. An exit is spent for good by the
/// order that was confirmed or declined, so that no agreement counts twice; one that lapsed is past its deadline. An exit of
/// which more has left than was ordered is open to further orders until they explain it.
contract LotReleases is LotBook {
    /// @dev Goods ordered and not fetched for longer are ordered again.
    uint256 private constant MOST_ORDER_SECONDS = 30 days;
    /// @dev In place of an order's digest: its exit is spent.
    bytes32 private constant SPENT = bytes32(uint256(1));
    /// @dev In place of an order's digest: more has left at its exit than was ordered.
    bytes32 private constant EXCEEDED = bytes32(uint256(2));
    /// @dev No exit has this number: in place of a digest it has how many exits that are facts of another consignment have
    /// been exceeded by goods of this one.
    uint32 private constant ELSEWHERE = 0;

    constructor(IParticipantRegistry registry, IMilestoneOracle oracle, address authority)
        LotBook(registry, oracle, authority)
    {}

    // Beneficiary and holder, through whoever sends it

    /// @notice See `IGoodsRights`.
    function orderRelease(
        IGoodsRights.ReleaseOrder calldata order,
        bytes calldata signature,
        bytes calldata holderSignature
    ) external {
        (LotId id, address beneficiary, address holder) = (order.id, order.beneficiary, order.holder);
        _requireTimely(id, order.deadline);
        _requireExitOf(order);
        _registry.requireAdmitted(order.to, holder);
        bytes32 digest = _releaseOrderDigest(order);
        _requireAgreed(id, beneficiary, digest, signature);
        if (holder != beneficiary) {
            _requireCustodian(id, holder, _custodianIndex[holder]);
            _requireAgreed(id, holder, digest, holderSignature);
        }
        _useCheckedNonce(beneficiary, order.nonce);
        _setAside(id, beneficiary, holder == beneficiary, order.quantity);
        _orderOfExit[order.subject][order.sequence] = digest;
        emit IGoodsRights.ReleaseOrdered(id, beneficiary, digest, order);
    }

    // Anyone

    /// @notice See `IGoodsRights`.
    function confirmRelease(IGoodsRights.ReleaseOrder calldata order) external {
        bytes32 digest = _requireOpen(order);
        LotId id = order.id;
        uint256 attested = _attestedExit(order);
        Excess storage excess = _excesses[order.subject][order.sequence];
        uint256 before = excess.left;
        // Safe: the greatest measure never falls.
        uint256 left = Math.min(order.quantity, attested - before);

        if (_isExplained(attested, before + left)) _spend(order, excess, before);
        else _exceed(order, excess, attested, before + left);
        bool all = _leave(order, uint56(left));
        emit IGoodsRights.GoodsReleased(id, order.beneficiary, digest, order.to, left, order.quantity - left);
        emit IERC1155.TransferSingle(msg.sender, order.holder, address(0), LotId.unwrap(id), left);
        if (all) emit IGoodsRights.LotReleased(id);
    }

    /// @notice See `IGoodsRights`.
    function lapseRelease(IGoodsRights.ReleaseOrder calldata order) external {
        bytes32 digest = _requireOpen(order);
        bool over = block.timestamp > order.deadline;
        require(over, IGoodsRights.OrderNotLapsed(digest, order.deadline, block.timestamp));
        _requireUnreported(order, digest);

        bool exceeded = _excesses[order.subject][order.sequence].left != 0;
        _orderOfExit[order.subject][order.sequence] = exceeded ? EXCEEDED : bytes32(0);
        _putBack(order, 0);
        emit IGoodsRights.ReleaseLapsed(order.id, order.beneficiary, digest);
    }

    // Warehouse

    /// @notice See `IGoodsRights`.
    function declineRelease(IGoodsRights.ReleaseOrder calldata order) external {
        bytes32 digest = _requireOpen(order);
        (OrganisationId caller,) = _memberOf(msg.sender, Roles.WAREHOUSE);
        OrganisationId operator = _goods[order.id].operator;
        require(caller == operator, ILots.NotOperatorOf(order.id, caller, operator));
        _requireUnreported(order, digest);

        Excess storage excess = _excesses[order.subject][order.sequence];
        _spend(order, excess, excess.left);
        _putBack(order, 0);
        emit IGoodsRights.ReleaseDeclined(order.id, order.beneficiary, digest);
    }

    // Internals: checks

    function _requireTimely(LotId id, uint256 deadline) private view {
        uint256 latest = block.timestamp + MOST_ORDER_SECONDS;
        bool timely = deadline >= block.timestamp && deadline <= latest;
        require(timely, IGoodsRights.OrderDeadlineOutOfRange(id, deadline, block.timestamp, latest));
    }

    /// @dev The lot's own consignment will do for whoever owns it now: it keeps those apart from the count who brought
    /// the goods in.
    function _requireExitOf(IGoodsRights.ReleaseOrder calldata order) private view {
        (LotId id, bytes32 subject) = (order.id, order.subject);
        (, GroupId group) = _memberOf(order.beneficiary, Roles.ALL);
        if (subject != _subjectOf[id]) {
            GroupId its = _oracle.subject(subject).beneficiary;
            require(its == group, ILots.SubjectNotOf(id, subject, its, group));
        }
        bytes32 taken = _orderOfExit[subject][order.sequence];
        bool open = taken == 0 || (taken == EXCEEDED && _excesses[subject][order.sequence].subject == _subjectOf[id]);
        require(open && order.sequence != 0, IGoodsRights.ExitTaken(subject, order.sequence, taken));
    }

    function _requireOpen(IGoodsRights.ReleaseOrder calldata order) private view returns (bytes32 digest) {
        digest = _releaseOrderDigest(order);
        require(_orderOfExit[order.subject][order.sequence] == digest, IGoodsRights.OrderNotOpen(digest));
    }

    /// @dev A quorum has said that the goods are gone; what was set aside for them must not be free again, whether or
    /// not the fact may be used yet.
    function _requireUnreported(IGoodsRights.ReleaseOrder calldata order, bytes32 digest) private view {
        IMilestoneOracle.Status status = _oracle.fact(order.subject, Milestones.RELEASED, order.sequence).status;
        require(status != IMilestoneOracle.Status.Final, IGoodsRights.ExitReported(digest));
    }

    /// @return the greatest measure of the witnesses, thousandths
    function _attestedExit(IGoodsRights.ReleaseOrder calldata order) private view returns (uint256) {
        (bytes32 subject, uint32 sequence) = (order.subject, order.sequence);
        (IMilestoneOracle.Status status, uint256 relied) = _oracle.standing(subject, Milestones.RELEASED, sequence);
        bool stands = status == IMilestoneOracle.Status.Final && relied != 0;
        require(stands, IGoodsRights.ExitNotAttested(subject, sequence, status, relied));
        return _oracle.fact(subject, Milestones.RELEASED, sequence).greatestQuantity;
    }

    // Internals: exits

    /// @dev What the witnesses' measures may lie apart is no excess: they would not agree on it themselves.
    function _isExplained(uint256 attested, uint256 left) private view returns (bool) {
        if (attested <= left) return true;
        return (attested - left) * Rates.BPS <= attested * _oracle.policy(Milestones.RELEASED).toleranceBps;
    }

    /// @param before what `excess.left` is
    function _spend(IGoodsRights.ReleaseOrder calldata order, Excess storage excess, uint256 before) private {
        (bytes32 subject, uint32 sequence) = (order.subject, order.sequence);
        _orderOfExit[subject][sequence] = SPENT;
        if (before == 0) return;
        bytes32 its = excess.subject;
        (excess.left, excess.subject) = (0, 0);
        if (its != subject) _orderOfExit[its][ELSEWHERE] = bytes32(uint256(_orderOfExit[its][ELSEWHERE]) - 1);
        emit IGoodsRights.ExitReconciled(order.id, subject, sequence);
    }

    function _exceed(IGoodsRights.ReleaseOrder calldata order, Excess storage excess, uint256 attested, uint256 left)
        private
    {
        (LotId id, bytes32 subject, uint32 sequence) = (order.id, order.subject, order.sequence);
        _orderOfExit[subject][sequence] = EXCEEDED;
        if (excess.left == 0) {
            bytes32 its = _subjectOf[id];
            excess.subject = its;
            if (its != subject) _orderOfExit[its][ELSEWHERE] = bytes32(uint256(_orderOfExit[its][ELSEWHERE]) + 1);
        }
        // Safe: at most what was ordered, of a 56-bit quantity.
        excess.left = uint56(left);
        emit IGoodsRights.ExitExceeded(id, subject, sequence, attested, left);
    }

    // Internals: units

    function _setAside(LotId id, address beneficiary, bool own, uint256 units) private {
        require(units != 0, IGoodsRights.UnitsZero(id));
        IGoodsRights.Position storage its = _positions[id][beneficiary];
        // The casts are safe: at most what is there.
        if (own) {
            uint256 free = its.free;
            if (free < units) {
                revert IERC1155Errors.ERC1155InsufficientBalance(beneficiary, free, units, LotId.unwrap(id));
            }
            its.free -= uint56(units);
            its.freeAside += uint56(units);
        } else {
            uint256 pledged = its.pledged;
            require(units <= pledged, IGoodsRights.CustodyExceeded(id, beneficiary, units, pledged));
            its.pledged -= uint56(units);
            its.pledgedAside += uint56(units);
        }
    }

    /// @param left thousandths of what was set aside that have left
    function _putBack(IGoodsRights.ReleaseOrder calldata order, uint256 left) private {
        IGoodsRights.Position storage its = _positions[order.id][order.beneficiary];
        // Safe: the order set aside as much, and ends once; no more than that has left.
        (uint56 aside, uint56 back) = (uint56(order.quantity), uint56(order.quantity - left));
        if (order.holder == order.beneficiary) {
            its.freeAside -= aside;
            its.free += back;
        } else {
            its.pledgedAside -= aside;
            its.pledged += back;
        }
    }

    /// @return all whether nothing of the lot is left
    function _leave(IGoodsRights.ReleaseOrder calldata order, uint56 units) private returns (bool all) {
        LotId id = order.id;
        _putBack(order, units);
        if (order.holder != order.beneficiary) {
            _endPower(_positions[id][order.beneficiary]);
            _lessInCustody(id, units);
        }
        ILots.Stock storage stock = _stocks[id];
        uint56 released = stock.released + units;
        stock.released = released;
        all = released == stock.received;
        if (all) stock.state = ILots.State.Released;
    }
}
