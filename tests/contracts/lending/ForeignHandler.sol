// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthCheck} from "../../../contracts/lending/HealthCheck.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ILendingPool} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {FinancingId} from "../../../contracts/types/Ids.sol";
import {ForeignBase} from "./ForeignBase.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title An invoice in euros behind a pool of dollars (three fifths of it) and one of euros: the debtor pays, dealers quote
/// and withdraw their quotes, the supplier reserves, rates move and go stale, anyone forwards, draws and repays.
contract ForeignHandler is ForeignBase {
    FinancingId public foreign;
    FinancingId public native;
    HealthCheck public health;
    uint64 internal _lastOpen;
    uint64 internal _lastNamed;
    uint256 public acts;
    uint256 public sold;
    uint256 public draws;
    /// @dev Draws after which more was owed than the base.
    uint256 public overdrawn;
    /// @dev Bases that rose when the rate fell.
    uint256 public raised;
    /// @dev Exchanges below what was locked or, where nothing was, the feed's rate less its haircut.
    uint256 public cheap;
    /// @dev Exchanges while neither a quote was reserved nor the feed's rate usable.
    uint256 public blind;

    modifier act() {
        ++acts;
        _;
    }

    /// @dev An act in which money may be exchanged.
    modifier exchanges() {
        ++acts;
        (uint256 euros, uint256 money) = (exchange.heldInAll(euro), exchange.heldInAll(dollar));
        uint256 worst = _worstRate();
        _;
        uint256 paid = exchange.heldInAll(euro) - euros;
        if (paid != 0) {
            sold += paid;
            if (worst == 0) ++blind;
            // Each quote rounds down once, and one that ends rounds up what is paid: of at most three.
            if ((money - exchange.heldInAll(dollar) + 3) * 1e8 < (paid - Math.min(paid, 3)) * worst) ++cheap;
        }
    }

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
        _openSubject();
        foreign = _pledge(foreignLine, ITEM, FACE_VALUE * 3 / 5, SHIPMENT);
        native = _pledge(facility, ITEM, FACE_VALUE * 2 / 5, 0);
        _depart(SHIPMENT);
        ILendingPool[] memory pools = new ILendingPool[](2);
        (pools[0], pools[1]) = (pool, dollars);
        health = new HealthCheck(desk, pools);
    }

    // The debtor

    function pay(uint256 amount) external exchanges {
        uint256 owed = receivables.outstanding(INVOICE);
        if (owed == 0) return;
        _pay(bound(amount, 1, Math.min(owed, 1_500_000)));
    }

    function repay(uint256 amount) external act {
        uint256 owed = desk.owedInAll(foreign);
        if (owed == 0) return;
        amount = bound(amount, 1, Math.min(owed, 500_000));
        _issue(dollar, debtor, amount);
        vm.startPrank(debtor);
        dollar.approve(address(desk), amount);
        desk.repay(foreign, amount);
        vm.stopPrank();
    }

    // Dealers and the supplier

    function quote(uint256 who, uint256 amount, uint256 rate, bool toSupplier, uint256 seconds_) external act {
        address by = who % 2 == 0 ? dealer : rival;
        (IFeedOracle.Status status, int256 value,) = feeds.latest(rateFeed);
        uint256 free = _free(by, dollar);
        if (status != IFeedOracle.Status.Usable || free == 0) return;
        amount = bound(amount, 1, Math.min(free, 2_000_000));
        rate = bound(rate, uint256(value) * 95 / 100, uint256(value) * 105 / 100);
        uint64 id = _quote(by, amount, rate, bound(seconds_, 1, 10 days), toSupplier ? supplier : address(0));
        if (toSupplier) _lastNamed = id;
        else _lastOpen = id;
    }

    function withdrawQuote() external act {
        if (!exchange.isLive(_lastOpen)) return;
        vm.prank(exchange.quote(_lastOpen).dealer);
        exchange.end(_lastOpen);
    }

    function reserveNamed() external act {
        if (_released() || _reservedRate() != 0 || !exchange.isLive(_lastNamed)) return;
        if (exchange.quote(_lastNamed).taker != supplier || !exchange.isFair(_lastNamed)) return;
        _reserve(foreign, _lastNamed);
    }

    function release() external act {
        if (desk.owedInAll(foreign) != 0 || _released() || acts % 7 != 0) return;
        vm.prank(supplier);
        desk.release(foreign);
    }

    // Anyone

    function forward() external exchanges {
        vm.prank(stranger);
        invoices.forward(foreign);
    }

    function draw() external act {
        if (desk.poke(foreign) == 0) return;
        ++draws;
        if (desk.owedInAll(foreign) > invoices.borrowingBase(foreign)) ++overdrawn;
    }

    // The world

    function report(uint256 rate) external act {
        uint256 last = uint256(int256(feeds.record(rateFeed).value));
        (uint256 before, bool usable) = (invoices.borrowingBase(foreign), _isUsable());
        rate = bound(rate, last * 9 / 10 + 1, last * 11 / 10);
        if (rate < 60_000_000 || rate > 180_000_000) rate = uint256(RATE);
        // A reservation that ends at this second would be news of its own.
        bool reserved = _reservedRate() != 0;
        _report(int256(rate));
        if (usable && rate < last && reserved == (_reservedRate() != 0)) {
            if (invoices.borrowingBase(foreign) > before) ++raised;
        }
    }

    function pass(uint256 seconds_) external act {
        vm.warp(vm.getBlockTimestamp() + bound(seconds_, 1, 16 hours));
    }

    // Reading

    function _released() internal view returns (bool) {
        return _state(foreign) == IFinancingDesk.State.Released;
    }

    function _isUsable() internal view returns (bool) {
        return feeds.rateStatus("EUR", "USD") == IFeedOracle.Status.Usable;
    }

    /// @return 0 where no quote is reserved that lives
    function _reservedRate() internal view returns (uint256) {
        uint64 id = _conversion(foreign).quote;
        return exchange.isLive(id) ? exchange.quote(id).rate : 0;
    }

    /// @return worst dollars for one euro, times 10^8, below which nothing may be sold now; 0 where nothing may be
    function _worstRate() internal view returns (uint256 worst) {
        worst = _reservedRate();
        if (!_isUsable()) return worst;
        uint256 floor = uint256(int256(feeds.record(rateFeed).value)) * (10_000 - HAIRCUT_BPS) / 10_000;
        return worst == 0 ? floor : Math.min(worst, floor);
    }

    function _sumOf(CashToken cash) internal view returns (uint256 sum) {
        address[16] memory holders = [
            address(invoices),
            address(exchange),
            address(receivables),
            address(pool),
            address(dollars),
            address(desk),
            address(pool.reserve()),
            address(dollars.reserve()),
            supplier,
            debtor,
            dealer,
            rival,
            granite,
            cobalt,
            treasury,
            address(conversions)
        ];
        for (uint256 i; i < holders.length; ++i) {
            sum += cash.balanceOf(holders[i]);
        }
    }
}
