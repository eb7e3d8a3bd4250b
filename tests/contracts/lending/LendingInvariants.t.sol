// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {Rates} from "../../../contracts/types/Rates.sol";
import {LendingHandler} from "./LendingHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract LendingChecks is LendingHandler {
    function checkPoolConservation() external view {
        ILendingPool.Books memory its = pool.books();
        assertEq(its.cash + withdrawn + lent + feesTaken, deposited + _received(), "cash in, cash out");
        assertEq(its.principalOut, lent - principalReceived);
        assertEq(its.accruedFees, feesReceived - feesTaken);
        assertEq(
            uint256(its.cash) + its.principalOut,
            deposited + interestReceived + feesReceived - withdrawn - feesTaken,
            "what lenders brought, and income, is here or lent"
        );
        assertEq(euro.balanceOf(address(pool)), its.cash + donated, "donations are not counted, all else is");
        assertGe(its.cash, its.accruedFees);
    }

    function checkSumsOverFinancings() external view {
        uint256 principal;
        uint256 impairment;
        uint256 numerator;
        for (uint64 i = 1; i <= items; ++i) {
            IFinancingDesk.Financing memory its = desk.financing(FinancingId.wrap(i));
            principal += its.principal;
            impairment += its.impairment;
            numerator += its.accruedNumerator + uint256(its.principal) * RATE_BPS
            * (vm.getBlockTimestamp() - its.accruedAt);
            assertLe(its.impairment, its.principal);
            bool isOpen = its.state == IFinancingDesk.State.Open;
            assertTrue(isOpen || its.principal + its.feesDue + its.accruedNumerator == 0, "closed and still owing");
        }
        assertEq(pool.books().principalOut, principal);
        assertEq(desk.facility(facility).drawn, principal);
        assertEq(pool.books().impairment, impairment);
        assertEq(pool.accruedNumerator(), numerator, "the pool's two words are the sum over financings, exactly");
        assertEq(pool.accruedIncome(), numerator / Rates.INTEREST_DENOMINATOR);
    }

    function checkShares() external view {
        (uint256 first, uint256 second) = (vault.balanceOf(cobalt), vault.balanceOf(granite));
        assertEq(first + second, vault.totalSupply());
        assertEq(vault.totalAssets(), pool.grossAssets());
        assertLe(vault.convertToAssets(first) + vault.convertToAssets(second), vault.totalAssets());
        assertLe(pool.netAssets(), pool.grossAssets());
        assertLe(vault.previewRedeem(1e12), vault.convertToAssets(1e12), "exit above entry");
        if (pool.books().impairment == 0) assertEq(vault.previewRedeem(1e12), vault.convertToAssets(1e12));
    }

    /// @dev Every cent is where the books say; the network's contracts keep nothing for nobody.
    function checkCashOfTheNetwork() external view {
        assertEq(euro.balanceOf(address(invoices)), 0);
        assertEq(euro.balanceOf(address(orders)), 0);
        assertEq(euro.balanceOf(address(vault)), 0);
        assertEq(euro.balanceOf(address(desk)), desk.parked(supplier, address(euro)));
        assertEq(euro.balanceOf(address(escrow)), escrow.parked(supplier, address(euro)));
        uint256 held = euro.balanceOf(address(pool)) + euro.balanceOf(address(desk)) + euro.balanceOf(address(escrow))
            + euro.balanceOf(address(receivables));
        address[5] memory parties = [supplier, debtor, cobalt, granite, treasury];
        for (uint256 i; i < parties.length; ++i) {
            held += euro.balanceOf(parties[i]);
        }
        assertEq(held, euro.totalSupply());
    }

    function checkCustody() external view {
        for (uint64 i = 1; i <= items; ++i) {
            FinancingId id = FinancingId.wrap(i);
            IFinancingDesk.Financing memory its = desk.financing(id);
            (,, uint256 units) = its.collateral.pledgeOf(id);
            if (its.collateral == invoices) {
                assertEq(receivables.balanceOf(address(invoices), its.itemId), units);
            }
            bool released = its.state == IFinancingDesk.State.Released;
            assertEq(FinancingId.unwrap(its.collateral.financingOf(its.itemId)), released ? 0 : i);
            assertEq(FinancingId.unwrap(desk.financingOf(its.subject)), released ? 0 : i);
            assertEq(oracle.subject(its.subject).consumer, released ? address(0) : address(desk));
        }
    }

    /// @dev A lender may always take what the limits name, and never needs the operator for it.
    function checkLimitsHold() external view {
        assertLe(vault.maxWithdraw(cobalt), pool.freeCash());
        assertLe(vault.previewRedeem(vault.maxRedeem(granite)), pool.freeCash());
        assertLe(vault.maxRedeem(granite), vault.balanceOf(granite));
    }

    function _received() private view returns (uint256) {
        return interestReceived + principalReceived + feesReceived;
    }
}

/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 16
/// forge-config: default.invariant.depth = 100
contract LendingInvariantsTest is Test {
    LendingChecks private handler;

    function setUp() public {
        handler = new LendingChecks();
        bytes4[] memory selectors = new bytes4[](18);
        selectors[0] = handler.deposit.selector;
        selectors[1] = handler.withdraw.selector;
        selectors[2] = handler.redeem.selector;
        selectors[3] = handler.transferShares.selector;
        selectors[4] = handler.financeInvoice.selector;
        selectors[5] = handler.financeOrder.selector;
        selectors[6] = handler.pay.selector;
        selectors[7] = handler.repay.selector;
        selectors[8] = handler.release.selector;
        selectors[9] = handler.claimParked.selector;
        selectors[10] = handler.attest.selector;
        selectors[11] = handler.dispute.selector;
        selectors[12] = handler.poke.selector;
        selectors[13] = handler.donate.selector;
        selectors[14] = handler.wait_.selector;
        selectors[15] = handler.impair.selector;
        selectors[16] = handler.freeze.selector;
        selectors[17] = handler.takeFees.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @dev One function, so that one walk serves all the checks.
    function invariant_booksSharesAndCustodyAgree() public view {
        handler.checkPoolConservation();
        handler.checkSumsOverFinancings();
        handler.checkShares();
        handler.checkCashOfTheNetwork();
        handler.checkCustody();
        handler.checkLimitsHold();
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsMoveMoney() public {
        handler.financeInvoice(8_000_000, 8_000_000);
        handler.attest(1, false, 1_000_000, 1);
        assertGt(handler.lent(), 0);
        handler.wait_(10 days + 1);
        handler.pay(1, 8_000_000);
        assertEq(handler.principalReceived(), handler.lent());
        assertGt(handler.interestReceived(), 0);
        assertGt(handler.feesReceived(), 0);
        assertEq(handler.acts(), 4);
    }
}
