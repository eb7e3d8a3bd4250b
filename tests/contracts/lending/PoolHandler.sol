// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {DayCounts} from "../../../contracts/libraries/DayCounts.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {DayCount, Rates} from "../../../contracts/types/Rates.sol";
import {Test} from "forge-std/Test.sol";

/// @title The desk of a pool and all of its lenders, acting at random and keeping their own books. Loans are counted one
/// by one, each on its own clock, and senior's claim is booked only when its principal changes.
contract PoolHandler is Test {
    struct Loan {
        uint256 principal;
        uint256 bps;
        DayCount dayCount;
        uint256 accruedAt;
        uint256 numerator;
        uint256 impairment;
        uint256 writtenOff;
    }

    struct Prices {
        uint256 seniorEntry;
        uint256 seniorExit;
        uint256 juniorEntry;
        uint256 juniorExit;
    }

    uint256 private constant LOANS = 6;
    uint256 private constant FLOOR_BPS = 2000;
    uint256 private constant SENIOR_WEIGHT_PER_UNIT = 400 * 73;

    LendingPool private immutable _pool;
    TrancheVault private immutable _senior;
    TrancheVault private immutable _junior;
    CashToken private immutable _cash;
    address private immutable _supplier;
    address private immutable _reserve;
    address private immutable _tripper;
    address[] private _lenders;
    Loan[] private _loans;

    // What the books must show
    uint256 public cashIn;
    uint256 public cashOut;
    uint256 public donated;
    uint256 public aboveBook;
    uint256 public lost;
    uint256 public covered;
    uint256 public requests;
    uint256 public reservePaid;
    uint256 public claimPrincipal;
    uint256 public claimNumerator;
    uint256 public claimAccruedAt;

    // What must never happen, by the action that did it
    string public priceFall;
    string public floorBreach;
    string public orderBreach;
    uint256 public tripProfit;

    /// @dev No action but a loss or an impairment lowers a price.
    modifier keepsPrices(string memory action) {
        Prices memory before = _prices();
        _;
        Prices memory next = _prices();
        bool fell = next.seniorEntry < before.seniorEntry || next.seniorExit < before.seniorExit
            || next.juniorEntry < before.juniorEntry || next.juniorExit < before.juniorExit;
        if (fell) priceFall = action;
    }

    constructor(LendingPool pool, address supplier, address reserve, address tripper, address[] memory lenders_) {
        _pool = pool;
        _senior = TrancheVault(pool.vault(Tranche.Senior));
        _junior = TrancheVault(pool.vault(Tranche.Junior));
        _cash = CashToken(address(pool.cash()));
        (_supplier, _reserve, _tripper, _lenders) = (supplier, reserve, tripper, lenders_);
        claimAccruedAt = block.timestamp;
        for (uint256 i; i < LOANS; ++i) {
            _loans.push(Loan(0, 300 * (i + 1), DayCount(i % 3), 0, 0, 0, 0));
        }
    }

    // Time

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 10 days));
    }

    // Lenders

    function deposit(uint256 who, bool top, uint256 assets) external keepsPrices("deposit") {
        address lender = _lenders[who % _lenders.length];
        TrancheVault vault = top ? _senior : _junior;
        assets = bound(assets, 0, _min(vault.maxDeposit(lender), 1e10));
        vm.prank(lender);
        vault.deposit(assets, lender);
        _booksDeposit(top, assets);
    }

    function mint(uint256 who, bool top, uint256 shares) external keepsPrices("mint") {
        address lender = _lenders[who % _lenders.length];
        TrancheVault vault = top ? _senior : _junior;
        shares = bound(shares, 0, _min(vault.maxMint(lender), 1e16));
        if (vault.previewMint(shares) > 1e10) return;
        vm.prank(lender);
        _booksDeposit(top, vault.mint(shares, lender));
    }

    function transfer(uint256 from, uint256 to, bool top, uint256 shares) external keepsPrices("transfer") {
        address giver = _lenders[from % _lenders.length];
        TrancheVault vault = top ? _senior : _junior;
        shares = bound(shares, 0, vault.balanceOf(giver));
        vm.prank(giver);
        vault.transfer(_lenders[to % _lenders.length], shares);
    }

    function requestRedeem(uint256 who, bool top, uint256 shares) external keepsPrices("requestRedeem") {
        address lender = _lenders[who % _lenders.length];
        TrancheVault vault = top ? _senior : _junior;
        uint256 balance = vault.balanceOf(lender);
        if (balance == 0 || vault.requestsOf(lender).length >= 9) return;
        vm.prank(lender);
        vault.requestRedeem(bound(shares, 1, balance), lender, lender);
        ++requests;
    }

    function claim(uint256 who, bool top, uint256 amount, bool byAssets) external keepsPrices("claim") {
        address lender = _lenders[who % _lenders.length];
        TrancheVault vault = top ? _senior : _junior;
        uint256 before = _cash.balanceOf(lender);
        uint256 most = byAssets ? vault.maxWithdraw(lender) : vault.maxRedeem(lender);
        amount = amount % 2 == 0 ? most : bound(amount, 0, most);
        vm.prank(lender);
        if (byAssets) vault.withdraw(amount, lender, lender);
        else vault.redeem(amount, lender, lender);
        cashOut += _cash.balanceOf(lender) - before;
    }

    function passEpoch() external {
        if (block.timestamp < _pool.closableAt()) vm.warp(_pool.closableAt());
        closeEpoch();
    }

    function closeEpoch() public keepsPrices("closeEpoch") {
        if (block.timestamp < _pool.closableAt()) return;
        uint256 exit = _exit(Tranche.Senior);
        uint256 juniorBefore = _exit(Tranche.Junior);
        uint256 supply = _senior.totalSupply();
        uint256 setAside = _pool.books().setAside;
        uint256 seniorAssets = _assetsOf(_senior);
        _pool.closeEpoch();
        uint256 forSenior = _assetsOf(_senior) - seniorAssets;
        if (forSenior != 0) _payDown(forSenior, exit);
        uint256 forJunior = _pool.books().setAside - setAside - forSenior;
        if (forJunior != 0 && !_isSubordinated()) floorBreach = "closeEpoch";
        if (forJunior > juniorBefore || (supply == 0 && forSenior != 0)) orderBreach = "closeEpoch";
        // Senior's shares that are worth nothing hold junior up no longer.
        bool worthless = forSenior == exit;
        if (forJunior != 0 && _senior.balanceOf(address(_senior)) != 0 && !worthless) {
            orderBreach = "junior before senior";
        }
    }

    /// @dev Buys, asks, closes and claims within one block.
    function roundTrip(bool top, uint256 assets) external keepsPrices("roundTrip") {
        TrancheVault vault = top ? _senior : _junior;
        if (block.timestamp < _pool.closableAt() || vault.requestsOf(_tripper).length >= 9) return;
        uint256 most = vault.maxRedeem(_tripper);
        vm.startPrank(_tripper);
        cashOut += vault.redeem(most, _tripper, _tripper);
        uint256 before = _cash.balanceOf(_tripper);
        assets = bound(assets, 0, _min(vault.maxDeposit(_tripper), 1e10));
        uint256 shares = vault.deposit(assets, _tripper);
        bool waiting = vault.requestsOf(_tripper).length != 0;
        if (shares != 0) vault.requestRedeem(shares, _tripper, _tripper);
        vm.stopPrank();
        _booksDeposit(top, assets);
        ++requests;
        closeEpoch();
        most = vault.maxRedeem(_tripper);
        vm.prank(_tripper);
        cashOut += vault.redeem(most, _tripper, _tripper);
        uint256 rest = _cash.balanceOf(_tripper);
        if (!waiting && rest > before) tripProfit += rest - before;
    }

    // Desk

    function disburse(uint256 which, uint256 amount) external keepsPrices("disburse") {
        Loan storage loan = _accrued(which);
        // A pool that has lent all is where requests wait.
        amount = amount % 2 == 0 ? _pool.lendable() : bound(amount, 0, _pool.lendable());
        _pool.disburse(_supplier, amount, _weight(loan, amount), loan.dayCount);
        loan.principal += amount;
        cashOut += amount;
        if (amount != 0 && !_isSubordinated()) floorBreach = "disburse";
    }

    /// @dev The whole waterfall, with interest that is rounded up when it is paid in full.
    function collect(uint256 which, uint256[6] memory parts) external keepsPrices("collect") {
        Loan storage loan = _accrued(which);
        IFundingSource.Receipt memory receipt;
        receipt.interest = bound(parts[0], 0, Accrual.interestUp(loan.numerator));
        receipt.settledNumerator = Accrual.settledBy(receipt.interest, loan.numerator);
        receipt.principal = bound(parts[1], 0, loan.principal);
        receipt.weight = _weight(loan, receipt.principal);
        receipt.lateFees = parts[2] % 1e6;
        receipt.fees = parts[3] % 1e6;
        receipt.reserve = parts[4] % 1e6;
        receipt.recovered = bound(parts[5], 0, loan.writtenOff);
        receipt.dayCount = loan.dayCount;

        loan.numerator -= receipt.settledNumerator;
        loan.principal -= receipt.principal;
        loan.writtenOff -= receipt.recovered;
        uint256 back = _min(receipt.recovered, lost);
        uint256 toReserve = _min(receipt.recovered - back, covered);
        (lost, covered) = (lost - back, covered - toReserve);
        aboveBook += receipt.lateFees + receipt.recovered - toReserve;
        _bring(receipt);
        _impair(loan, _min(loan.impairment, loan.principal));
    }

    function impair(uint256 which, uint256 amount) external {
        Loan storage loan = _accrued(which);
        _impair(loan, bound(amount, 0, loan.principal));
    }

    function writeOff(uint256 which, uint256 amount) external {
        Loan storage loan = _accrued(which);
        amount = amount % 8 == 0 ? loan.principal : bound(amount, 0, loan.principal / 4);
        uint256 given = amount == 0 ? 0 : loan.numerator / 4;
        uint256 gross = _pool.grossAssets();
        uint256 senior = _exit(Tranche.Senior);
        uint256 reserveBefore = _cash.balanceOf(_reserve);
        uint256 held = reserveBefore + _pool.held().reserve;
        (uint256 lostBefore, uint256 coveredBefore) = _pool.losses();
        _pool.writeOff(amount, _weight(loan, amount), given, loan.dayCount);
        (uint256 lostNow, uint256 coveredNow) = _pool.losses();
        reservePaid += reserveBefore - _cash.balanceOf(_reserve);
        loan.principal -= amount;
        loan.numerator -= given;
        loan.writtenOff += amount;
        (lost, covered) = (lost + lostNow - lostBefore, covered + coveredNow - coveredBefore);
        if (lostNow - lostBefore != gross - _pool.grossAssets()) orderBreach = "loss";
        if (lostNow > lostBefore && coveredNow - coveredBefore != held) orderBreach = "reserve first";
        if (_exit(Tranche.Senior) < senior && _exit(Tranche.Junior) != 0) orderBreach = "junior before senior";
        _impair(loan, _min(loan.impairment, loan.principal));
    }

    // Operator, sponsors and strangers

    /// @dev Lowers the price of entry, and no other.
    function strikeLoss(uint256 amount) external {
        Prices memory before = _prices();
        amount = bound(amount, 0, lost);
        _pool.strikeLoss(amount);
        lost -= amount;
        Prices memory next = _prices();
        bool moved = next.seniorExit != before.seniorExit || next.juniorExit != before.juniorExit;
        if (moved || next.juniorEntry > before.juniorEntry) priceFall = "strikeLoss";
    }

    function takeFees(uint256 amount) external keepsPrices("takeFees") {
        amount = bound(amount, 0, _pool.held().fees);
        _pool.takeFees(_supplier, amount);
        cashOut += amount;
    }

    function sendReserve() external keepsPrices("sendReserve") {
        if (_pool.held().reserve == 0) return;
        cashOut += _pool.sendReserve();
    }

    function sponsor(uint256 amount) external keepsPrices("sponsor") {
        _cash.transfer(_reserve, bound(amount, 0, 1e7));
    }

    function donate(uint256 amount) external keepsPrices("donate") {
        amount = bound(amount, 0, 1e9);
        _cash.transfer(address(_pool), amount);
        _cash.transfer(address(_junior), amount);
        donated += amount;
    }

    /// @dev A deposit of nothing books senior's claim.
    function poke(uint256 who) external keepsPrices("poke") {
        address lender = _lenders[who % _lenders.length];
        vm.prank(lender);
        _senior.deposit(0, lender);
    }

    // Views for the suite

    function principalOut() external view returns (uint256 sum) {
        for (uint256 i; i < LOANS; ++i) {
            sum += _loans[i].principal;
        }
    }

    function impairment() external view returns (uint256 sum) {
        for (uint256 i; i < LOANS; ++i) {
            sum += _loans[i].impairment;
        }
    }

    function income() external view returns (uint256) {
        uint256 numerator;
        for (uint256 i; i < LOANS; ++i) {
            numerator += _loans[i].numerator + _since(_loans[i]);
        }
        return numerator / Rates.INTEREST_DENOMINATOR;
    }

    function seniorClaim() external view returns (uint256) {
        return claimPrincipal + _claimInterest() / Rates.INTEREST_DENOMINATOR;
    }

    // Internals

    function _booksDeposit(bool top, uint256 assets) private {
        cashIn += assets;
        if (!top || assets == 0) return;
        (claimNumerator, claimAccruedAt) = (_claimInterest(), block.timestamp);
        claimPrincipal += assets;
        if (!_isSubordinated()) floorBreach = "senior deposit";
    }

    /// @dev Senior's claim falls by what is paid, or by its part of the claim where the claim is not covered.
    function _payDown(uint256 paid, uint256 exit) private {
        uint256 interest = _claimInterest() / Rates.INTEREST_DENOMINATOR;
        uint256 gone = (claimPrincipal + interest) * paid / exit;
        uint256 interestGone = interest * paid / exit;
        claimNumerator = _claimInterest() - interestGone * Rates.INTEREST_DENOMINATOR;
        claimAccruedAt = block.timestamp;
        claimPrincipal = claimPrincipal + interestGone - gone;
    }

    function _claimInterest() private view returns (uint256) {
        return claimNumerator + claimPrincipal * SENIOR_WEIGHT_PER_UNIT * (block.timestamp - claimAccruedAt);
    }

    function _bring(IFundingSource.Receipt memory receipt) private {
        uint256 amount = receipt.lateFees + receipt.fees + receipt.interest + receipt.principal + receipt.recovered
            + receipt.reserve;
        _cash.transfer(address(_pool), amount);
        _pool.collect(receipt);
        cashIn += amount;
    }

    function _impair(Loan storage loan, uint256 next) private {
        _pool.changeImpairment(loan.impairment, next);
        loan.impairment = next;
    }

    function _accrued(uint256 which) private returns (Loan storage loan) {
        loan = _loans[which % LOANS];
        loan.numerator += _since(loan);
        loan.accruedAt = DayCounts.clock(loan.dayCount, block.timestamp);
    }

    function _since(Loan storage loan) private view returns (uint256) {
        if (loan.principal == 0) return 0;
        return _weight(loan, loan.principal) * (DayCounts.clock(loan.dayCount, block.timestamp) - loan.accruedAt);
    }

    function _weight(Loan storage loan, uint256 principal) private view returns (uint256) {
        return principal * loan.bps * (loan.dayCount == DayCount.Actual365 ? 72 : 73);
    }

    /// @return what a share is worth, times 1e27
    function _prices() private view returns (Prices memory) {
        return Prices(
            _price(_senior, _entry(Tranche.Senior)),
            _price(_senior, _exit(Tranche.Senior)),
            _price(_junior, _entry(Tranche.Junior)),
            _price(_junior, _exit(Tranche.Junior))
        );
    }

    /// @dev Worth nothing is worth nothing, however many shares the virtual unit is divided by.
    function _price(TrancheVault vault, uint256 assets) private view returns (uint256) {
        if (assets == 0) return 0;
        return (assets + 1) * 1e27 / (vault.totalSupply() + 1e6);
    }

    function _entry(Tranche tranche) private view returns (uint256 entry) {
        (entry,) = _pool.trancheAssets(tranche);
    }

    function _exit(Tranche tranche) private view returns (uint256 exit) {
        (, exit) = _pool.trancheAssets(tranche);
    }

    function _isSubordinated() private view returns (bool) {
        return _exit(Tranche.Junior) * 10_000 >= _pool.netAssets() * FLOOR_BPS;
    }

    function _assetsOf(TrancheVault vault) private view returns (uint256 sum) {
        for (uint256 id = 1; id <= vault.currentEpoch(); ++id) {
            sum += vault.epoch(id).assets;
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
