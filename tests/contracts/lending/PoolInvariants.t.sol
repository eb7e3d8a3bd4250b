// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFirstLossReserve} from "../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {ITrancheVault} from "../../../contracts/lending/interfaces/ITrancheVault.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {PoolBase, ReserveDouble} from "./PoolBase.sol";
import {PoolHandler} from "./PoolHandler.sol";

/// @title What holds of a pool whatever its desk and its lenders do, in whichever order, for years.
contract PoolInvariants is PoolBase {
    PoolHandler private handler;
    address[] private lenders;
    address private tripper;

    function setUp() public override {
        super.setUp();
        // The pool, its two vaults and the reserve's double are made before the handler.
        _deployPool(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 4));
        _placeLenders();
        IFirstLossReserve reserve = IFirstLossReserve(address(new ReserveDouble(pool)));
        handler = new PoolHandler(pool, supplier, address(reserve), tripper, lenders);
        assertEq(pool.desk(), address(handler));
        registry.admitAccount(operator.lei, address(reserve));
        registry.admitAccount(operator.lei, address(handler));
        pool.setReserve(reserve);
        manager.grantRole(Offices.SERVICER, address(handler), 0);
        _issue(euro, address(handler), 1e18);
        // In full swing from the start: junior just above its floor, everything lent.
        handler.deposit(0, false, 3e9);
        handler.deposit(1, true, 9e9);
        handler.disburse(0, 6e9 + 1);
        handler.disburse(1, 0);
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), _actions()));
    }

    // The books

    function invariant_cashIsWhereTheBooksSay() public view {
        ILendingPool.Books memory books = pool.books();
        ILendingPool.Held memory held = pool.held();
        uint256 told = books.cash + books.setAside + held.fees + held.reserve + held.streaming;
        assertEq(euro.balanceOf(address(pool)) - handler.donated(), told);
    }

    function invariant_cashIsWhatCameLessWhatWent() public view {
        ILendingPool.Books memory books = pool.books();
        ILendingPool.Held memory held = pool.held();
        uint256 told = books.cash + books.setAside + held.fees + held.reserve + held.streaming;
        (, uint256 covered) = pool.losses();
        assertEq(told + handler.cashOut(), handler.cashIn() + handler.reservePaid(), "and what the reserve paid");
        assertEq(covered, handler.covered());
    }

    function invariant_principalIsTheSumOverLoans() public view {
        assertEq(pool.books().principalOut, handler.principalOut());
    }

    function invariant_incomeIsTheSumOverLoans() public view {
        assertEq(pool.accruedIncome(), handler.income());
    }

    function invariant_impairmentIsTheSumAndWithinPrincipal() public view {
        assertEq(pool.books().impairment, handler.impairment());
        assertLe(pool.books().impairment, pool.books().principalOut);
    }

    function invariant_grossIsCashAndLoansAndIncome() public view {
        ILendingPool.Books memory books = pool.books();
        assertEq(pool.grossAssets(), books.cash + books.principalOut + handler.income());
        assertEq(pool.netAssets(), pool.grossAssets() - books.impairment);
    }

    // The tranches

    function invariant_tranchesSumToTheWhole() public view {
        uint256 toCome = pool.held().streaming + handler.lost();
        assertEq(_entry(Tranche.Senior) + _entry(Tranche.Junior), pool.grossAssets() + toCome);
        assertEq(_exit(Tranche.Senior) + _exit(Tranche.Junior), pool.netAssets());
    }

    function invariant_seniorIsWithinItsClaim() public view {
        assertLe(_entry(Tranche.Senior), pool.seniorClaim());
        if (_entry(Tranche.Senior) < pool.seniorClaim()) assertEq(_entry(Tranche.Junior), 0, "junior bears first");
    }

    function invariant_seniorClaimDoesNotDependOnThePath() public view {
        assertEq(pool.seniorClaim(), handler.seniorClaim());
    }

    function invariant_exitIsNeverAboveEntry() public view {
        assertLe(_exit(Tranche.Senior), _entry(Tranche.Senior));
        assertLe(_exit(Tranche.Junior), _entry(Tranche.Junior));
        if (pool.books().impairment == 0) assertEq(pool.netAssets(), pool.grossAssets());
    }

    function invariant_pricesFallOnlyWithALossOrAnImpairment() public view {
        assertEq(handler.priceFall(), "");
    }

    function invariant_floorHoldsAfterWhatLowersIt() public view {
        assertEq(handler.floorBreach(), "");
    }

    // Losses

    function invariant_lossesGoToReserveThenJuniorThenSenior() public view {
        assertEq(handler.orderBreach(), "");
    }

    function invariant_recoveriesNeverPassTheLossesOfALayer() public view {
        (uint256 lost, uint256 covered) = pool.losses();
        assertEq(lost, handler.lost());
        assertEq(covered, handler.covered());
    }

    function invariant_streamIsBoundedByWhatCameAboveBook() public view {
        assertLe(pool.held().streaming, handler.aboveBook());
        assertLe(pool.held().streamEndsAt, block.timestamp + 7 days);
        if (pool.held().streamEndsAt <= block.timestamp) assertEq(pool.held().streaming, 0);
    }

    // Shares and epochs

    function invariant_sharesSumToTheSupply() public view {
        _assertShares(senior);
        _assertShares(junior);
    }

    function invariant_sharesNeverClaimMoreThanThereIs() public view {
        _assertWorth(senior);
        _assertWorth(junior);
    }

    function invariant_setAsideCoversEveryClaim() public view {
        assertLe(_claimable(senior) + _claimable(junior), pool.books().setAside);
    }

    function invariant_setAsideHoldsNoMoreThanRoundingBeyondClaims() public view {
        uint256 claims = _claimable(senior) + _claimable(junior);
        assertLe(pool.books().setAside - claims, handler.requests());
    }

    function invariant_epochsSumToWhatWaits() public view {
        _assertEpochs(senior);
        _assertEpochs(junior);
    }

    function invariant_requestsSumToTheirEpochs() public view {
        _assertRequests(senior);
        _assertRequests(junior);
    }

    function invariant_roundTripsGainNothing() public view {
        assertEq(handler.tripProfit(), 0);
    }

    /// @dev Whatever the state, a limit is told and never reverts.
    function invariant_limitsNeverRevert() public view {
        for (uint256 i; i < lenders.length; ++i) {
            assertLe(junior.maxWithdraw(lenders[i]), pool.books().setAside);
            assertLe(senior.maxDeposit(lenders[i]), pool.fundable(Tranche.Senior));
            assertLe(junior.maxMint(lenders[i]), type(uint80).max);
            junior.maxRedeem(lenders[i]);
        }
        assertLe(pool.lendable(), pool.books().cash);
    }

    // Set-up

    function _placeLenders() private {
        lenders.push(cobalt);
        lenders.push(granite);
        string[3] memory names = ["MARBLEFUND", "NICKELFUND", "TRIPPERFUND"];
        for (uint256 i; i < 3; ++i) {
            Party memory party = _admit(names[i], Roles.LENDER);
            registry.renewKyc(party.lei, uint40(START + 20 * 365 days));
            lenders.push(party.account);
        }
        tripper = lenders[4];
        for (uint256 i; i < 5; ++i) {
            _fundAndApprove(lenders[i], 1e16, address(senior));
            _fundAndApprove(lenders[i], 1, address(junior));
        }
        lenders.pop();
    }

    function _actions() private view returns (bytes4[] memory actions) {
        actions = new bytes4[](18);
        actions[0] = handler.wait.selector;
        actions[1] = handler.deposit.selector;
        actions[2] = handler.mint.selector;
        actions[3] = handler.transfer.selector;
        actions[4] = handler.requestRedeem.selector;
        actions[5] = handler.claim.selector;
        actions[6] = handler.passEpoch.selector;
        actions[7] = handler.roundTrip.selector;
        actions[8] = handler.disburse.selector;
        actions[9] = handler.collect.selector;
        actions[10] = handler.impair.selector;
        actions[11] = handler.writeOff.selector;
        actions[12] = handler.takeFees.selector;
        actions[13] = handler.sendReserve.selector;
        actions[14] = handler.donate.selector;
        actions[15] = handler.sponsor.selector;
        actions[16] = handler.poke.selector;
        actions[17] = handler.strikeLoss.selector;
    }

    // Internals

    function _assertShares(TrancheVault vault) private view {
        uint256 sum = vault.balanceOf(address(vault)) + vault.balanceOf(tripper);
        for (uint256 i; i < lenders.length; ++i) {
            sum += vault.balanceOf(lenders[i]);
        }
        assertEq(sum, vault.totalSupply());
    }

    function _assertWorth(TrancheVault vault) private view {
        uint256 worth =
            vault.convertToAssets(vault.balanceOf(address(vault))) + vault.convertToAssets(vault.balanceOf(tripper));
        for (uint256 i; i < lenders.length; ++i) {
            worth += vault.convertToAssets(vault.balanceOf(lenders[i]));
        }
        assertLe(worth, vault.totalAssets());
    }

    function _claimable(TrancheVault vault) private view returns (uint256 sum) {
        sum = vault.maxWithdraw(tripper);
        for (uint256 i; i < lenders.length; ++i) {
            sum += vault.maxWithdraw(lenders[i]);
        }
    }

    function _assertEpochs(TrancheVault vault) private view {
        uint256 waiting;
        bool younger;
        for (uint256 id = 1; id <= vault.currentEpoch(); ++id) {
            ITrancheVault.Epoch memory its = vault.epoch(id);
            assertLe(its.processed, its.requested);
            if (younger) assertEq(its.processed, 0, "older epochs first");
            younger = its.processed != its.requested;
            waiting += its.requested - its.processed;
        }
        assertEq(waiting, vault.balanceOf(address(vault)));
    }

    /// @dev What is still on the controllers' lists is what their epochs have not paid, and what is not claimed.
    function _assertRequests(TrancheVault vault) private view {
        uint256 unpaid = _unpaidOf(vault, tripper);
        for (uint256 i; i < lenders.length; ++i) {
            unpaid += _unpaidOf(vault, lenders[i]);
        }
        // Each part of what an epoch was paid is rounded down, so that a little more seems to wait.
        assertGe(unpaid, vault.balanceOf(address(vault)));
        assertLe(unpaid, vault.balanceOf(address(vault)) + handler.requests());
    }

    function _unpaidOf(TrancheVault vault, address controller) private view returns (uint256 sum) {
        ITrancheVault.Request[] memory requests = vault.requestsOf(controller);
        for (uint256 i; i < requests.length; ++i) {
            sum += vault.pendingRedeemRequest(requests[i].epoch, controller);
        }
    }
}
