// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {IFinancingDesk} from "../lending/interfaces/IFinancingDesk.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, PolicyId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {LossEvents} from "./LossEvents.sol";
import {ICoverMarks, PolicyBook} from "./PolicyBook.sol";
import {IInsurancePolicies} from "./interfaces/IInsurancePolicies.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Insures financings out of money that insurers have put down.
contract InsurancePolicies is LossEvents, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    constructor(IFinancingDesk desk_, IMilestoneOracle oracle_, IParticipantRegistry registry_, address authority)
        PolicyBook(desk_)
        LossEvents(oracle_, registry_)
        AccessManaged(authority)
    {}

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
    function offer(Terms calldata terms) external returns (PolicyId id) {
        _requireSound(terms);
        _requireInsurable(terms, registry.requireRole(msg.sender, Roles.INSURER).group);

        // The cast is safe: nobody makes that many offers.
        id = PolicyId.wrap(uint64(++policyCount));
        Policy storage its = _policies[id];
        (its.terms, its.state, its.insurer) = (terms, State.Offered, msg.sender);
        emit PolicyOffered(id, terms.financing, msg.sender, terms);
    }

    /// @inheritdoc IInsurancePolicies
    function withdrawOffer(PolicyId id) external {
        Policy storage its = _known(id);
        bool open = its.state == State.Offered || its.state == State.Accepted;
        require(open, PolicyStateWrong(id, its.state, State.Offered));
        require(msg.sender == its.insurer, NotInsurerOf(id, msg.sender, its.insurer));

        its.state = State.Ended;
        emit PolicyEnded(id, 0);
    }

    /// @inheritdoc IInsurancePolicies
    function waive(PolicyId id) external nonReentrant {
        Policy storage its = _inState(id, State.Paid);
        require(msg.sender == its.insurer, NotInsurerOf(id, msg.sender, its.insurer));

        emit RecoveryWaived(id, _unrecovered(its));
        _end(id, its, 0);
    }

    // By the supplier

    /// @inheritdoc IInsurancePolicies
    function accept(PolicyId id, bytes32 hash) external {
        Policy storage its = _offered(id, State.Offered, hash);
        FinancingId financing = its.terms.financing;
        FacilityId facility = desk.financing(financing).facility;
        address supplier = desk.facility(facility).terms.supplier;
        require(msg.sender == supplier, NotSupplierOfInsured(financing, msg.sender, supplier));
        desk.requireActing(facility);

        its.state = State.Accepted;
        emit PolicyAccepted(id, msg.sender);
    }

    // By the credit officer

    /// @inheritdoc IInsurancePolicies
    function bind(PolicyId id, bytes32 hash) external restricted nonReentrant {
        Policy storage its = _offered(id, State.Accepted, hash);
        Terms memory terms = its.terms;
        address insurer = its.insurer;
        registry.requireRole(insurer, Roles.INSURER);
        _requireNoLossKnown(terms);
        address cash = _cashOf(terms.financing);

        (its.state, its.boundAt, its.cash) = (State.Bound, uint40(block.timestamp), cash);
        _lock(insurer, cash, terms.limit);
        bool isFirst = _attach(terms.financing, id);
        emit PolicyBound(id, terms.financing, insurer, terms.limit);

        if (isFirst) ICoverMarks(address(desk)).markCovered(terms.financing, true);
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
        Policy storage its = _inState(id, State.Bound);
        FinancingId financing = its.terms.financing;
        try desk.financing(financing).collateral.forward(financing) {} catch {}
        uint256 lossAt;
        uint256 loss;
        (lossAt, loss, paid) = _payable(id, its);
        (address insurer, address cash) = (its.insurer, its.cash);

        // The cast is safe: at most the limit.
        (its.state, its.paid) = (State.Paid, uint48(paid));
        _unlock(insurer, cash, its.terms.limit, paid);
        emit ClaimPaid(id, financing, lossAt, loss, paid);

        IERC20(cash).forceApprove(address(desk), paid);
        desk.repay(financing, paid);
    }

    /// @inheritdoc IInsurancePolicies
    function close(PolicyId id) external nonReentrant {
        Policy storage its = _known(id);
        State state = its.state;
        require(state == State.Bound || state == State.Paid, PolicyStateWrong(id, state, State.Bound));
        if (state == State.Paid) {
            uint256 due = _unrecovered(its) + premiumDueOf(id);
            require(due == 0, PolicyStillDue(id, due));
            _end(id, its, 0);
        } else {
            uint256 claimableUntil = _claimableUntil(its.terms);
            require(_isOver(its, claimableUntil), CoverStillRuns(id, claimableUntil, block.timestamp));
            uint256 limit = its.terms.limit;
            _unlock(its.insurer, its.cash, limit, 0);
            _end(id, its, limit);
        }
    }

    // Views

    /// @inheritdoc IInsurancePolicies
    function claimable(PolicyId id) external view returns (uint256 amount) {
        (,, amount) = _payable(id, _inState(id, State.Bound));
    }

    // Internals

    function _offered(PolicyId id, State needed, bytes32 hash) private view returns (Policy storage its) {
        its = _inState(id, needed);
        uint256 offerUntil = its.terms.offerUntil;
        require(block.timestamp <= offerUntil, OfferExpired(id, offerUntil, block.timestamp));
        bytes32 ours = termsHash(id);
        require(hash == ours, PolicyTermsDiffer(id, hash, ours));
    }

    /// @return lossAt Unix seconds of the loss event
    /// @return loss minor units, before deductible and limit
    /// @return amount minor units that the claim comes to, never zero
    function _payable(PolicyId id, Policy storage its)
        private
        view
        returns (uint256 lossAt, uint256 loss, uint256 amount)
    {
        Terms memory terms = its.terms;
        require(!_isLapsed(its), CoverLapsed(id, terms.payBy, block.timestamp));
        (lossAt, loss) = _lossOf(id, terms);
        (uint256 boundAt, uint256 until) = (its.boundAt, terms.until);
        require(lossAt > boundAt && lossAt <= until, LossOutsideCover(id, lossAt, boundAt, until));
        uint256 endsAt = _waitEndsAt(lossAt, terms);
        require(block.timestamp >= endsAt, WaitingPeriodRuns(id, endsAt, block.timestamp));
        uint256 claimableUntil = _claimableUntil(its.terms);
        require(block.timestamp <= claimableUntil, ClaimTooLate(id, claimableUntil, block.timestamp));
        require(loss > terms.deductible, LossWithinDeductible(id, loss, terms.deductible));
        amount = Math.min(terms.limit, loss - terms.deductible);
    }

    /// @dev What is paid or released never owes again.
    function _isOver(Policy storage its, uint256 claimableUntil) private view returns (bool) {
        if (_isLapsed(its) || block.timestamp > claimableUntil) return true;
        IFinancingDesk.State state = desk.financing(its.terms.financing).state;
        return state == IFinancingDesk.State.Repaid || state == IFinancingDesk.State.Released;
    }

    function _end(PolicyId id, Policy storage its, uint256 unlocked) private {
        FinancingId financing = its.terms.financing;
        its.state = State.Ended;
        bool isLast = _detach(financing, id);
        emit PolicyEnded(id, unlocked);

        if (isLast) ICoverMarks(address(desk)).markCovered(financing, false);
    }
}
