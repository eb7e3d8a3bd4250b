// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingCover} from "../../../../contracts/lending/interfaces/IFinancingCover.sol";
import {IFinancingDesk} from "../../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IFundingSource} from "../../../../contracts/lending/interfaces/IFundingSource.sol";
import {Waterfall} from "../../../../contracts/libraries/Waterfall.sol";
import {CashToken} from "../../../../contracts/money/CashToken.sol";
import {FacilityId, FinancingId, OrganisationId} from "../../../../contracts/types/Ids.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title A desk whose financings are what the test says; it pays premiums first, then itself, then insurers. It is its
/// own pool and the collateral of all its financings.
contract CoverDesk {
    CashToken public immutable cash;
    IFinancingCover public cover;
    mapping(FinancingId => Waterfall.Claims) private _claims;
    mapping(FinancingId => IFinancingDesk.Financing) private _financings;
    mapping(FinancingId => uint256) private _graceEndsAt;
    mapping(FinancingId => bool) public isCovered;
    address private immutable _supplier;
    bool public isActing = true;
    uint256 public forwards;
    bool public isBroken;

    constructor(CashToken cash_, address supplier) {
        (cash, _supplier) = (cash_, supplier);
    }

    function setCover(IFinancingCover cover_) external {
        cover = cover_;
    }

    // What the test says

    function open(FinancingId id, uint256 principal, uint256 interest, uint256 graceEndsAt) external {
        IFinancingDesk.Financing storage its = _financings[id];
        (its.facility, its.state) = (FacilityId.wrap(1), IFinancingDesk.State.Open);
        its.collateral = ICollateral(address(this));
        (_claims[id].principal, _claims[id].interest) = (principal, interest);
        _graceEndsAt[id] = graceEndsAt;
    }

    function setClaims(FinancingId id, Waterfall.Claims calldata claims) external {
        _claims[id] = claims;
    }

    function setState(FinancingId id, IFinancingDesk.State state) external {
        _financings[id].state = state;
    }

    function setLosses(FinancingId id, uint64 impairment, uint64 writtenOff) external {
        (_financings[id].impairment, _financings[id].writtenOff) = (impairment, writtenOff);
    }

    function setActing(bool acting) external {
        isActing = acting;
    }

    function breakForward(bool broken) external {
        isBroken = broken;
    }

    // What policies call

    function facility(FacilityId) external view returns (IFinancingDesk.Facility memory its) {
        (its.terms.supplier, its.terms.pool) = (_supplier, IFundingSource(address(this)));
    }

    function financing(FinancingId id) external view returns (IFinancingDesk.Financing memory) {
        require(_financings[id].state != IFinancingDesk.State.None, IFinancingDesk.FinancingUnknown(id));
        return _financings[id];
    }

    function maturityOf(FinancingId id) external view returns (uint256 day, uint256 overdueFrom) {
        return (_graceEndsAt[id] / 1 days, _graceEndsAt[id]);
    }

    function owed(FinancingId id) external view returns (Waterfall.Claims memory) {
        return _claims[id];
    }

    function requireActing(FacilityId id) external view {
        require(isActing, IFinancingDesk.AccountNotOfSupplier(id, _supplier, _none(), _none()));
    }

    function _none() private pure returns (OrganisationId) {
        return OrganisationId.wrap(0);
    }

    function markCovered(FinancingId id, bool covered) external {
        require(msg.sender == address(cover), "cover only");
        require(isCovered[id] != covered, "marked twice");
        isCovered[id] = covered;
    }

    function forward(FinancingId) external returns (uint256) {
        require(!isBroken, "broken");
        ++forwards;
        return 0;
    }

    function repay(FinancingId id, uint256 amount) external returns (uint256 taken) {
        bool isShared = isCovered[id] && msg.sender != address(cover);
        uint256 premium = isShared ? cover.premiumDue(id) : 0;
        uint256 recovery = isShared ? cover.subrogatedDue(id) : 0;
        taken = Math.min(amount, premium + Waterfall.total(_claims[id]) + recovery);
        premium = Math.min(premium, taken);
        Waterfall.Split memory parts = Waterfall.split(taken - premium, _claims[id]);
        recovery = parts.residual;
        Waterfall.Claims storage claims = _claims[id];
        claims.lateFees -= parts.lateFees;
        claims.fees -= parts.fees;
        claims.interest -= parts.interest;
        claims.principal -= parts.principal;
        claims.writtenOff -= parts.recovered;
        claims.reserve -= parts.reserve;
        cash.transferFrom(msg.sender, address(this), taken - premium - recovery);
        if (premium != 0) {
            cash.transferFrom(msg.sender, address(cover), premium);
            cover.bookPremium(id, premium);
        }
        if (recovery != 0) {
            cash.transferFrom(msg.sender, address(cover), recovery);
            cover.bookRecovery(id, recovery);
        }
    }
}
