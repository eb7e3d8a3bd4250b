// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {FxHandler} from "./FxHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract FxChecks is FxHandler {
    function checkCurrencies() external view {
        for (uint256 c; c < 3; ++c) {
            CashToken cash = _cashes[c];
            Ghost memory its = _ghosts[cash];
            uint256 held = its.funded + its.paidIn - its.withdrawn - its.paidOut;
            assertEq(cash.balanceOf(address(exchange)), held, "what came less what went is here");
            assertEq(exchange.heldInAll(cash), held, "and counted");
        }
    }

    function checkPositions() external view {
        for (uint256 c; c < 3; ++c) {
            uint256 sum;
            for (uint256 i; i < 2; ++i) {
                (uint256 free, uint256 locked) = exchange.positionOf(_dealers[i].account, _cashes[c]);
                Ghost memory its = _ghostOf[_dealers[i].account][_cashes[c]];
                assertEq(free + locked + its.paidOut + its.withdrawn, its.funded + its.paidIn, "funded is all of it");
                sum += free + locked;
            }
            assertEq(sum, exchange.heldInAll(_cashes[c]), "nobody else has any of it");
        }
    }

    function checkLocks() external view {
        uint256[3][2] memory left;
        for (uint64 id = 1; id <= quotes; ++id) {
            IFxQuotes.Quote memory its = exchange.quote(id);
            address sold = address(exchange.market(its.market).sold);
            uint256 which = sold == address(euro) ? 0 : sold == address(dollar) ? 1 : 2;
            left[its.dealer == _dealers[0].account ? 0 : 1][which] += its.left;
        }
        for (uint256 i; i < 2; ++i) {
            for (uint256 c; c < 3; ++c) {
                (, uint256 locked) = exchange.positionOf(_dealers[i].account, _cashes[c]);
                assertEq(locked, left[i][c]);
            }
        }
    }

    function checkPlaces() external view {
        CashToken[2] memory others = [dollar, yen];
        for (uint256 i; i < 4; ++i) {
            CashToken other = others[i >> 1];
            uint64[] memory ids = i & 1 == 0 ? exchange.openQuotes(euro, other) : exchange.openQuotes(other, euro);
            assertLe(ids.length, 2, "one place an organisation");
            for (uint256 j; j < ids.length; ++j) {
                assertEq(exchange.quote(ids[j]).taker, address(0));
            }
            if (ids.length < 2) continue;
            assertTrue(exchange.quote(ids[0]).dealer != exchange.quote(ids[1]).dealer);
        }
    }
}

contract FxInvariantsTest is Test {
    FxChecks private handler;

    function setUp() public {
        handler = new FxChecks();
        handler.setUp();
        bytes4[] memory selectors = new bytes4[](12);
        selectors[0] = handler.fund.selector;
        selectors[1] = handler.withdraw.selector;
        selectors[2] = handler.offer.selector;
        selectors[3] = handler.offer.selector;
        selectors[4] = handler.end.selector;
        selectors[5] = handler.take.selector;
        selectors[6] = handler.take.selector;
        selectors[7] = handler.takeReserved.selector;
        selectors[8] = handler.takeBest.selector;
        selectors[9] = handler.report.selector;
        selectors[10] = handler.pass.selector;
        selectors[11] = handler.freeze.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    /// @dev Invariant 61, conservation.
    function invariant_ofEachCurrencyTheExchangeHoldsWhatCameLessWhatWent() public view {
        handler.checkCurrencies();
    }

    function invariant_whatADealerFundedIsFreeLockedPaidOrWithdrawn() public view {
        handler.checkPositions();
    }

    function invariant_whatIsLockedIsWhatIsLeftOfTheQuotes() public view {
        handler.checkLocks();
    }

    function invariant_anOrganisationHasOnePlaceInAMarket() public view {
        handler.checkPlaces();
    }

    /// @dev Invariant 61, round trips: no exchange gives more than its rate, none a whole unit less.
    function invariant_noExchangeIsBetterOrWorseThanItsQuote() public view {
        assertEq(handler.unfair(), 0);
    }

    function invariant_theBestIsNeverBelowTheFeedLessItsHaircut() public view {
        assertEq(handler.belowFloor(), 0);
    }

    function invariant_aQuoteBindsUntilItExpiresAndNoLonger() public view {
        assertEq(handler.broken(), 0);
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsMoveMoney() public {
        handler.fund(0, 2, 1_000_000);
        handler.withdraw(1, 0, 5000);
        handler.offer(0, 0, 1_000_000, 108_000_000, 1 days, 2);
        handler.offer(1, 3, 999_998, 16_000_000_000, 1 days, 0);
        handler.offer(0, 3, 999_998, 16_000_000_000, 1 days, 0);
        assertEq(handler.quotes(), 2, "the second dealer has no yen");
        handler.take(1, 0, 5000);
        handler.takeReserved(1, 1, 5001);
        handler.takeBest(3, 1, 5000);
        assertEq(handler.exchanges(), 3 + 1, "one note for each dealer at the best");
        handler.report(0, 109_000_000);
        handler.freeze(0);
        handler.end(1, true);
        handler.pass(2 days);
        handler.end(1, true);
        assertEq(handler.broken(), 0);
        assertEq(handler.acts(), 13);
        handler.checkCurrencies();
        handler.checkPositions();
        handler.checkLocks();
    }
}
