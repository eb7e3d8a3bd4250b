// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IConversions} from "../../../contracts/lending/interfaces/IConversions.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ICashToken} from "../../../contracts/money/interfaces/ICashToken.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IFxQuotes} from "../../../contracts/settlement/interfaces/IFxQuotes.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title Acme's invoice of 100,000.00 euros behind a pool of dollars: a facility like the one in euros that takes them,
/// 1.08 dollars for one euro with a haircut of 2 %, and two dealers with 500,000.00 dollars each. The first has quoted
/// Acme 60,000.00 dollars at 1.075, for 90 days; nobody has offered to everybody.
/// @dev Reporters and dealers are admitted for a year only.
abstract contract ForeignBase is LendingBase {
    int256 internal constant RATE = 108_000_000;
    uint256 internal constant LOCKED_RATE = 107_500_000;
    uint256 internal constant LOCKED = 6_000_000;
    uint16 internal constant HAIRCUT_BPS = 200;
    uint32 internal constant STALE_AFTER = 1 days;
    uint256 internal constant DOLLARS = 50_000_000;

    bytes32 internal rateFeed;
    LendingPool internal dollars;
    FacilityId internal foreignLine;
    address internal dealer;
    address internal rival;
    uint64 internal locked;
    Party[] internal reporters;

    function setUp() public virtual override {
        super.setUp();
        uint32[3] memory roles = [Roles.INSPECTOR, Roles.CARRIER, Roles.WAREHOUSE];
        for (uint256 i; i < 3; ++i) {
            reporters.push(_admit(string.concat("REPORTER", vm.toString(i)), roles[i]));
        }
        _setRatePolicy(1, HAIRCUT_BPS);
        _report(RATE);
        exchange.openMarket(dollar, euro, 2000);
        dealer = _dealer("HARBOURFX");
        rival = _dealer("ISLANDFX");
        _openDollars();
        locked = _quote(dealer, LOCKED, LOCKED_RATE, 90 days, supplier);
    }

    // Set-up

    function _setRatePolicy(uint32 version, uint16 haircutBps) internal {
        rateFeed = feeds.rateFeedOf("EUR", "USD");
        uint8 eligible = uint8(Roles.INSPECTOR | Roles.CARRIER | Roles.WAREHOUSE);
        feeds.setPolicy(
            rateFeed,
            IFeedOracle.Rules({
                kind: IFeedOracle.Kind.Fx,
                decimals: 8,
                threshold: 3,
                organisations: 4,
                eligibleRoles: eligible,
                requiredRoles: 0,
                version: version,
                mostSpread: 200,
                mostMove: 10_000,
                staleAfterSeconds: STALE_AFTER,
                maxAgeSeconds: 1 hours,
                clockSkewSeconds: 1 minutes,
                heartbeatSeconds: 4 hours
            }),
            IFeedOracle.Terms(10_000_000, 1_000_000_000, "EUR", "USD", 2, 2, haircutBps)
        );
    }

    function _dealer(string memory name) private returns (address account) {
        account = _admit(name, Roles.FX_DEALER).account;
        _issue(dollar, account, DOLLARS);
        vm.startPrank(account);
        dollar.approve(address(exchange), DOLLARS);
        exchange.fund(dollar, DOLLARS);
        vm.stopPrank();
    }

    function _openDollars() private {
        TrancheVault senior_;
        TrancheVault junior_;
        (dollars, senior_, junior_,) = _deployPool(dollar, 400, 2000);
        _setCaps(dollars, CAP);
        address[2] memory lenders = [granite, cobalt];
        TrancheVault[2] memory vaults = [junior_, senior_];
        uint256[2] memory funded = [JUNIOR_FUNDED, SENIOR_FUNDED];
        for (uint256 i; i < 2; ++i) {
            _issue(dollar, lenders[i], funded[i]);
            vm.startPrank(lenders[i]);
            dollar.approve(address(vaults[i]), funded[i]);
            vaults[i].deposit(funded[i], lenders[i]);
            vm.stopPrank();
        }
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = dollars;
        foreignLine = _openFacility(terms);
        conversions.acceptCurrency(foreignLine, euro, true);
    }

    // Acts

    /// @notice Three organisations report dollars for one euro, a second from now.
    function _report(int256 rate) internal {
        vm.warp(vm.getBlockTimestamp() + 1);
        IFeedOracle.Report memory its =
            IFeedOracle.Report(rateFeed, 0, feeds.record(rateFeed).round + 1, new IFeedOracle.Reading[](3));
        uint64 now_ = uint64(vm.getBlockTimestamp());
        bytes32 digest = feeds.readingDigest(rateFeed, 0, its.round, rate, now_);
        for (uint256 i; i < 3; ++i) {
            (bytes32 r, bytes32 vs) = vm.signCompact(reporters[i].key, digest);
            its.readings[i] = IFeedOracle.Reading(reporters[i].account, rate, now_, r, vs);
        }
        require(feeds.report(its), "the report was refused");
    }

    function _goStale() internal {
        vm.warp(vm.getBlockTimestamp() + STALE_AFTER + 1);
    }

    /// @param to zero for everybody
    function _quote(address by, uint256 amount, uint256 rate, uint256 seconds_, address to) internal returns (uint64) {
        vm.prank(by);
        return exchange.offer(IFxQuotes.Offer(dollar, euro, amount, rate, vm.getBlockTimestamp() + seconds_, to));
    }

    function _openForeign() internal returns (FinancingId) {
        _registerAndAccept();
        _openSubject();
        return _pledge(foreignLine, ITEM, FACE_VALUE, SHIPMENT);
    }

    function _reserve(FinancingId id, uint64 quote) internal {
        vm.prank(supplier);
        conversions.reserveQuote(id, quote);
    }

    // Reading

    function _waiting(FinancingId id) internal view returns (uint256) {
        return invoices.cashOf(id);
    }

    function _conversion(FinancingId id) internal view returns (IConversions.Conversion memory) {
        return conversions.conversionOf(invoices, id);
    }

    function _free(address dealer_, ICashToken cash) internal view returns (uint256 free) {
        (free,) = exchange.positionOf(dealer_, cash);
    }
}
