// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../lending/interfaces/IFinancingDesk.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {FacilityId, FinancingId, PolicyId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {PolicyBook} from "./PolicyBook.sol";
import {PolicyClock} from "./PolicyClock.sol";
import {IInsurancePolicies} from "./interfaces/IInsurancePolicies.sol";
import {ILossAdjuster} from "./interfaces/ILossAdjuster.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Insures financings out of money that insurers have put down.
contract InsurancePolicies is PolicyBook, AccessManaged, ReentrancyGuardTransient {
    using PolicyClock for Policy;
    using PolicyClock for Terms;
    using SafeERC20 for IERC20;

    ILossAdjuster public immutable adjuster;
    IParticipantRegistry public immutable registry;

    constructor(IFinancingDesk desk_, ILossAdjuster adjuster_, IParticipantRegistry registry_, address authority)
        PolicyBook(desk_)
        AccessManaged(authority)
    {
        (adjuster, registry) = (adjuster_, registry_);
    }

    // By insurers

    /// @inheritdoc IInsurancePolicies
    function deposit(ICashToken cash, uint256 amount) external nonReentrant {
        require(amount != 0, CoverAmountZero());
        registry.requireRole(msg.sender, Roles.INSURER);

        _credit(msg.sender, address(cash), amount);
        emit PositionFunded(msg.sender, address(cash), amount);

        IERC20(cash).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IInsurancePolicies
    function withdraw(ICashToken cash, uint256 amount) external nonReentrant {
        require(amount != 0, CoverAmountZero());

        _debit(msg.sender, address(cash), amount);
        emit PositionWithdrawn(msg.sender, address(cash), amount);

        IERC20(cash).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IInsurancePolicies
    function offer(Terms memory terms) external returns (PolicyId id) {
        registry.requireRole(msg.sender, Roles.INSURER);
        adjuster.requireInsurable(terms, msg.sender);

        // The cast is safe: nobody makes that many offers.
        id = PolicyId.wrap(uint64(++policyCount));
        Policy storage its = _policies[id];
        (its.terms, its.state, its.insurer) = (terms, State.Offered, msg.sender);
        emit PolicyOffered(id, terms.financing, msg.sender, terms);
    }

    /// @inheritdoc IInsurancePolicies
    function withdrawOffer(PolicyId id) external {
        State state = _ownPolicy(id).state;
        bool isOpen = state == State.Offered || state == State.Accepted;
        require(isOpen, PolicyStateWrong(id, state, State.Offered));

        _policies[id].state = State.Ended;
        emit PolicyEnded(id, 0);
    }

    /// @inheritdoc IInsurancePolicies
    function waive(PolicyId id) external nonReentrant {
        Policy memory its = _ownPolicy(id);
        require(its.state == State.Paid, PolicyStateWrong(id, its.state, State.Paid));

        emit RecoveryWaived(id, its.paid - its.recovered);
        _end(id, its.terms.financing, 0);
    }

    // By the supplier

    /// @inheritdoc IInsurancePolicies
    function accept(PolicyId id, bytes32 hash) external {
        Policy memory its = _known(id);
        FacilityId facility = desk.financing(its.terms.financing).facility;
        address supplier = desk.facility(facility).terms.supplier;
        require(msg.sender == supplier, NotSupplierOf(facility, msg.sender, supplier));
        desk.requireActing(facility);
        _requireOffered(id, its, State.Offered, hash);

        _policies[id].state = State.Accepted;
        emit PolicyAccepted(id, msg.sender);
    }

    // By the credit officer

    /// @inheritdoc IInsurancePolicies
    function bind(PolicyId id, bytes32 hash) external restricted nonReentrant {
        Policy memory its = _known(id);
        _requireOffered(id, its, State.Accepted, hash);
        FinancingId financing = its.terms.financing;
        registry.requireRole(its.insurer, Roles.INSURER);
        adjuster.requireNoLossKnown(its.terms);
        address cash = address(desk.facility(desk.financing(financing).facility).terms.pool.cash());

        _lock(its.insurer, cash, its.terms.limit);
        Policy storage kept = _policies[id];
        (kept.state, kept.boundAt, kept.cash) = (State.Bound, uint40(block.timestamp), cash);
        bool isFirst = _attach(financing, id);
        emit PolicyBound(id, financing, its.insurer, its.terms.limit);

        if (isFirst) desk.markCovered(financing, true);
    }

    // By anyone

    /// @inheritdoc IInsurancePolicies
    function payPremium(PolicyId id, uint256 amount) external nonReentrant returns (uint256 taken) {
        require(premiumDueOf(id) != 0, PremiumNotDue(id));
        require(amount != 0, CoverAmountZero());

        taken = _bookPremium(id, amount);

        IERC20(_policies[id].cash).safeTransferFrom(msg.sender, address(this), taken);
    }

    /// @inheritdoc IInsurancePolicies
    /// @dev A custodian that fails holds nothing up; a caller cannot starve it, because the 1/64 that is left would not do.
    function claim(PolicyId id) external nonReentrant returns (uint256 paid) {
        FinancingId financing = _inState(id, State.Bound).terms.financing;
        try desk.financing(financing).collateral.forward(financing) {} catch {}
        Policy memory its = _policies[id];
        ILossAdjuster.Assessment memory found = adjuster.assess(id, its, _claimedOn(its.terms));

        paid = found.amount;
        _bookClaim(its.terms, found.debt, paid);
        uint256 toPool = paid - _bookPremium(id, paid);
        // The cast is safe: at most the limit.
        (_policies[id].state, _policies[id].paid) = (State.Paid, uint48(paid));
        _unlock(its.insurer, its.cash, its.terms.limit, paid);
        emit ClaimPaid(id, financing, found.lossAt, found.loss, paid);

        if (toPool == 0) return paid;
        IERC20(its.cash).forceApprove(address(desk), toPool);
        desk.repay(financing, toPool);
    }

    /// @inheritdoc IInsurancePolicies
    function close(PolicyId id) external nonReentrant {
        Policy memory its = _known(id);
        State state = its.state;
        require(state == State.Bound || state == State.Paid, PolicyStateWrong(id, state, State.Bound));
        uint256 unlocked;
        if (state == State.Paid) {
            uint256 due = its.paid - its.recovered + premiumDueOf(id);
            require(due == 0, PolicyStillDue(id, due));
        } else {
            uint256 claimableUntil = its.terms.claimableUntil();
            require(_isOver(its, claimableUntil), CoverStillRuns(id, claimableUntil, block.timestamp));
            unlocked = its.terms.limit;
            _unlock(its.insurer, its.cash, unlocked, 0);
        }
        _end(id, its.terms.financing, unlocked);
    }

    // Views

    /// @inheritdoc IInsurancePolicies
    function claimable(PolicyId id) external view returns (uint256) {
        Policy memory its = _inState(id, State.Bound);
        return adjuster.assess(id, its, _claimedOn(its.terms)).amount;
    }

    // Internals

    function _ownPolicy(PolicyId id) private view returns (Policy memory its) {
        its = _known(id);
        require(msg.sender == its.insurer, NotInsurerOf(id, msg.sender, its.insurer));
    }

    function _requireOffered(PolicyId id, Policy memory its, State needed, bytes32 hash) private view {
        require(its.state == needed, PolicyStateWrong(id, its.state, needed));
        uint256 offerUntil = its.terms.offerUntil;
        require(block.timestamp <= offerUntil, OfferExpired(id, offerUntil, block.timestamp));
        bytes32 ours = _hashOf(id, its);
        require(hash == ours, PolicyTermsDiffer(id, hash, ours));
    }

    /// @dev What is paid or released never owes again.
    function _isOver(Policy memory its, uint256 claimableUntil) private view returns (bool) {
        if (its.isLapsed() || block.timestamp > claimableUntil) return true;
        IFinancingDesk.State state = desk.financing(its.terms.financing).state;
        return state == IFinancingDesk.State.Repaid || state == IFinancingDesk.State.Released;
    }

    function _end(PolicyId id, FinancingId financing, uint256 unlocked) private {
        _policies[id].state = State.Ended;
        bool isLast = _detach(financing, id);
        emit PolicyEnded(id, unlocked);

        if (isLast) desk.markCovered(financing, false);
    }
}
