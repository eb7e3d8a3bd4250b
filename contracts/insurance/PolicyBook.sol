// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingCover} from "../lending/interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "../lending/interfaces/IFinancingDesk.sol";
import {Apportion} from "../libraries/Apportion.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FinancingId, PolicyId} from "../types/Ids.sol";
import {PolicyClock} from "./PolicyClock.sol";
import {IInsurancePolicies} from "./interfaces/IInsurancePolicies.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The policies, the insurers' positions, and what a financing's payments owe to both.
/// @dev What is due is computed from the few policies of the financing whenever it is asked: a lapse needs nobody's call.
abstract contract PolicyBook is IInsurancePolicies {
    using PolicyClock for Policy;
    using PolicyClock for Terms;
    using SafeCast for uint256;

    uint256 internal constant MOST_POLICIES = 4;

    IFinancingDesk public immutable desk;

    /// @inheritdoc IInsurancePolicies
    uint256 public policyCount;
    mapping(PolicyId => Policy) internal _policies;
    mapping(FinancingId => PolicyId[]) private _policiesOf;
    mapping(address insurer => mapping(address cash => Position)) private _positions;
    mapping(FinancingId => mapping(bytes32 fact => FactClaims)) private _factClaims;

    modifier onlyDesk() {
        require(msg.sender == address(desk), OnlyDesk(msg.sender, address(desk)));
        _;
    }

    constructor(IFinancingDesk desk_) {
        desk = desk_;
    }

    // By the desk, within a payment

    /// @inheritdoc IFinancingCover
    /// @dev The oldest policy first. No guard: the desk pays in the middle of a claim, too.
    function bookPremium(FinancingId financing, uint256 amount) external onlyDesk {
        uint256 due = premiumDue(financing);
        require(amount <= due, CoverBookedTooMuch(financing, amount, due));
        PolicyId[] memory its = _policiesOf[financing];
        for (uint256 i; i < its.length && amount != 0; ++i) {
            amount -= _bookPremium(its[i], amount);
        }
    }

    /// @inheritdoc IFinancingCover
    /// @dev Insurers share it in proportion to what each has not got back.
    function bookRecovery(FinancingId financing, uint256 amount) external onlyDesk {
        PolicyId[] memory its = _policiesOf[financing];
        uint256[] memory due = new uint256[](its.length);
        for (uint256 i; i < its.length; ++i) {
            due[i] = _unrecovered(_policies[its[i]]);
        }
        uint256 inAll = Apportion.sum(due);
        require(amount <= inAll, CoverBookedTooMuch(financing, amount, inAll));
        uint256[] memory parts = Apportion.inProportion(amount, due);
        for (uint256 i; i < its.length; ++i) {
            if (parts[i] == 0) continue;
            Policy storage policy_ = _policies[its[i]];
            policy_.recovered += parts[i].toUint48();
            _credit(policy_.insurer, policy_.cash, parts[i]);
            emit RecoveryPaid(its[i], parts[i], due[i] - parts[i]);
        }
    }

    // Views

    /// @inheritdoc IFinancingCover
    function premiumDue(FinancingId financing) public view returns (uint256 due) {
        PolicyId[] memory its = _policiesOf[financing];
        for (uint256 i; i < its.length; ++i) {
            due += premiumDueOf(its[i]);
        }
    }

    /// @inheritdoc IFinancingCover
    function subrogatedDue(FinancingId financing) external view returns (uint256 due) {
        PolicyId[] memory its = _policiesOf[financing];
        for (uint256 i; i < its.length; ++i) {
            due += _unrecovered(_policies[its[i]]);
        }
    }

    /// @inheritdoc IInsurancePolicies
    function policy(PolicyId id) external view returns (Policy memory) {
        return _known(id);
    }

    /// @inheritdoc IInsurancePolicies
    function termsHash(PolicyId id) public view returns (bytes32) {
        return _hashOf(id, _known(id));
    }

    /// @inheritdoc IInsurancePolicies
    function policiesOf(FinancingId financing) external view returns (PolicyId[] memory) {
        return _policiesOf[financing];
    }

    /// @inheritdoc IInsurancePolicies
    function positionOf(address insurer, ICashToken cash) external view returns (Position memory) {
        return _positions[insurer][address(cash)];
    }

    /// @inheritdoc IInsurancePolicies
    function premiumDueOf(PolicyId id) public view returns (uint256) {
        Policy storage its = _policies[id];
        bool runs = its.state == State.Bound || its.state == State.Paid;
        if (!runs || block.timestamp > its.terms.payBy) return 0;
        return its.terms.premium - its.premiumPaid;
    }

    /// @inheritdoc IInsurancePolicies
    function factClaimsOf(PolicyId id) external view returns (FactClaims memory) {
        return _claimedOn(_known(id).terms);
    }

    /// @inheritdoc IInsurancePolicies
    function isInForce(PolicyId id) external view returns (bool) {
        Policy memory its = _known(id);
        return its.state == State.Bound && !its.isLapsed() && block.timestamp <= its.terms.claimableUntil();
    }

    // Internals: policies

    function _known(PolicyId id) internal view returns (Policy memory its) {
        its = _policies[id];
        require(its.state != State.None, PolicyUnknown(id));
    }

    function _inState(PolicyId id, State needed) internal view returns (Policy memory its) {
        its = _known(id);
        require(its.state == needed, PolicyStateWrong(id, its.state, needed));
    }

    function _hashOf(PolicyId id, Policy memory its) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, its.insurer, its.terms));
    }

    /// @return isFirst whether the financing had no policy before
    function _attach(FinancingId financing, PolicyId id) internal returns (bool isFirst) {
        PolicyId[] storage its = _policiesOf[financing];
        uint256 count = its.length;
        require(count < MOST_POLICIES, TooManyPolicies(financing, MOST_POLICIES));
        its.push(id);
        return count == 0;
    }

    /// @dev Keeps the order.
    /// @return isLast whether the financing has no policy any more
    function _detach(FinancingId financing, PolicyId id) internal returns (bool isLast) {
        PolicyId[] storage its = _policiesOf[financing];
        uint256 last = its.length - 1;
        bool found;
        for (uint256 i; i < last; ++i) {
            found = found || PolicyId.unwrap(its[i]) == PolicyId.unwrap(id);
            if (found) its[i] = its[i + 1];
        }
        its.pop();
        return last == 0;
    }

    function _bookPremium(PolicyId id, uint256 amount) internal returns (uint256 taken) {
        uint256 due = premiumDueOf(id);
        taken = Math.min(amount, due);
        if (taken == 0) return 0;
        Policy storage its = _policies[id];
        its.premiumPaid += taken.toUint48();
        _credit(its.insurer, its.cash, taken);
        emit PremiumPaid(id, taken, due - taken);
    }

    function _claimedOn(Terms memory terms) internal view returns (FactClaims memory its) {
        if (terms.kind != Kind.Credit) its = _factClaims[terms.financing][_factOf(terms)];
    }

    /// @dev The first claim's measure stays.
    /// @param debt insured claims of the lenders, minor units
    function _bookClaim(Terms memory terms, uint256 debt, uint256 paid) internal {
        if (terms.kind == Kind.Credit) return;
        FactClaims storage its = _factClaims[terms.financing][_factOf(terms)];
        if (its.debt == 0) its.debt = debt.toUint128();
        its.paid = (its.paid + paid).toUint128();
    }

    function _factOf(Terms memory terms) private pure returns (bytes32) {
        return keccak256(abi.encode(terms.subject, terms.milestone, terms.sequence));
    }

    function _unrecovered(Policy storage its) internal view returns (uint256) {
        return its.state == State.Paid ? its.paid - its.recovered : 0;
    }

    // Internals: positions

    function _credit(address insurer, address cash, uint256 amount) internal {
        Position storage its = _positions[insurer][cash];
        its.free = (its.free + amount).toUint128();
    }

    function _debit(address insurer, address cash, uint256 amount) internal {
        Position storage its = _positions[insurer][cash];
        require(amount <= its.free, PositionTooSmall(insurer, amount, its.free));
        // The cast is safe: no more than what it is taken from.
        its.free -= uint128(amount);
    }

    function _lock(address insurer, address cash, uint256 amount) internal {
        _debit(insurer, cash, amount);
        Position storage its = _positions[insurer][cash];
        its.locked = (its.locked + amount).toUint128();
    }

    /// @param spent minor units of what was locked that leave the position
    function _unlock(address insurer, address cash, uint256 amount, uint256 spent) internal {
        Position storage its = _positions[insurer][cash];
        // The casts are safe: a limit has 48 bits, and no more is spent of it.
        its.locked -= uint128(amount);
        its.free += uint128(amount - spent);
    }
}
