// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../libraries/Accrual.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {DayCount, Rates} from "../types/Rates.sol";
import {PoolAccounts} from "./PoolAccounts.sol";
import {IFirstLossReserve} from "./interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "./interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "./interfaces/ILendingPool.sol";
import {ITrancheVault} from "./interfaces/ITrancheVault.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title One pot of lenders' money in one currency, in two tranches: counts what comes and goes, and earns by the second.
/// @dev The vaults, the desk, the syndicates and the reserve are contracts of the network and trusted with the books.
contract LendingPool is PoolAccounts, AccessManaged, ReentrancyGuardTransient {
    using Math for uint256;
    using SafeCast for uint256;
    using SafeERC20 for ICashToken;

    uint256 private constant LEAST_EPOCH_SECONDS = 1 hours;

    ICashToken public immutable cash;
    address public immutable desk;
    uint256 public immutable epochSeconds;

    IFirstLossReserve public reserve;
    address private _seniorVault;
    address private _juniorVault;
    /// @dev A vault's tranche plus one: one read for either, where comparing addresses takes two for one of them.
    mapping(address vault => uint256) private _seatOf;
    mapping(address syndicate => bool) public isListed;

    modifier onlySource() {
        _requireSource();
        _;
    }

    constructor(
        ICashToken cash_,
        address desk_,
        uint256 seniorRateBps_,
        uint256 subordinationFloorBps_,
        uint256 epochSeconds_,
        address authority
    ) AccessManaged(authority) PoolAccounts(seniorRateBps_, subordinationFloorBps_) {
        require(epochSeconds_ >= LEAST_EPOCH_SECONDS, EpochTooShort(epochSeconds_, LEAST_EPOCH_SECONDS));
        cash = cash_;
        desk = desk_;
        epochSeconds = epochSeconds_;
    }

    // By the operator's offices

    /// @inheritdoc ILendingPool
    function setTranches(address senior, address junior) external restricted {
        require(_seniorVault == address(0), TranchesAlreadySet(_seniorVault, _juniorVault));
        _requireOwn(senior, Tranche.Senior);
        _requireOwn(junior, Tranche.Junior);

        (_seniorVault, _juniorVault) = (senior, junior);
        (_seatOf[senior], _seatOf[junior]) = (uint256(Tranche.Senior) + 1, uint256(Tranche.Junior) + 1);
        emit TranchesSet(senior, junior);
    }

    /// @inheritdoc ILendingPool
    function setReserve(IFirstLossReserve reserve_) external restricted {
        require(address(reserve) == address(0), ReserveAlreadySet(reserve));
        require(address(reserve_.pool()) == address(this), ReserveOfOtherPool(reserve_, address(this)));

        reserve = reserve_;
        emit ReserveSet(reserve_);
    }

    /// @inheritdoc ILendingPool
    function listSyndicate(address syndicate) external restricted {
        require(syndicate != address(0), SyndicateZero());

        isListed[syndicate] = true;
        emit SyndicateListed(syndicate);
    }

    /// @inheritdoc ILendingPool
    function setDepositCap(uint64 cap) external restricted {
        _losses.depositCap = cap;
        emit DepositCapSet(cap);
    }

    /// @inheritdoc ILendingPool
    function stop(Stoppable what) external restricted {
        _books.stopped |= uint8(1 << uint8(what));
        emit Stopped(what);
    }

    /// @inheritdoc ILendingPool
    function resume(Stoppable what) external restricted {
        _books.stopped &= ~uint8(1 << uint8(what));
        emit Resumed(what);
    }

    /// @inheritdoc ILendingPool
    function takeFees(address to, uint256 amount) external restricted nonReentrant {
        uint256 collected = _held.fees;
        require(amount <= collected, FeesTooLow(amount, collected));

        _held.fees = (collected - amount).toUint56();
        emit FeesTaken(to, amount);

        cash.safeTransfer(to, amount);
    }

    /// @inheritdoc ILendingPool
    function strikeLoss(uint256 amount) external restricted {
        uint256 lost = _losses.lost;
        require(amount <= lost, LossTooLow(amount, lost));

        _losses.lost = uint64(lost - amount);
        emit LossStruck(amount);
    }

    // By the desk and the syndicates

    /// @inheritdoc IFundingSource
    /// @dev What has streamed in is looked at, and moved to cash, only where it is needed: it adds to cash and to junior
    /// alone, so that whatever may be lent without it may be lent.
    function disburse(address to, uint256 amount, uint256 weight, DayCount dayCount) external onlySource nonReentrant {
        BooksWord memory word = _books;
        if (amount > word.cash || !_mayLend(word, word.cash)) {
            uint256 most = _lendable(word);
            require(amount <= most, LendableTooLow(amount, most));
            _vest(word);
        }

        // Safe: at most the cash there is.
        unchecked {
            word.cash -= uint56(amount);
        }
        word.principalOut = (word.principalOut + amount).toUint56();
        _lendOn(word, dayCount, weight);
        _books = word;
        emit Disbursed(to, amount);

        cash.safeTransfer(to, amount);
    }

    /// @inheritdoc IFundingSource
    function collect(Receipt calldata receipt) external onlySource nonReentrant {
        BooksWord memory word = _books;
        (uint256 seniorInterest, uint256 seniorPrincipal) = _seniorPart(receipt, word.cash);
        if (seniorInterest != 0) _income.seniorPaid = (_income.seniorPaid + seniorInterest).toUint56();
        _settleOn(receipt.dayCount, receipt.weight, receipt.settledNumerator);

        uint256 booked = Math.min(receipt.interest, Accrual.interestUp(receipt.settledNumerator));
        word.principalOut = (word.principalOut - receipt.principal).toUint56();
        word.cash = (word.cash + booked + receipt.principal).toUint56();
        uint256 aboveBook = receipt.interest - booked + receipt.lateFees;
        if (aboveBook + receipt.fees + receipt.reserve + receipt.recovered != 0) _hold(word, receipt, aboveBook);
        _books = word;
        _emitCollected(receipt, seniorInterest, seniorPrincipal);
    }

    /// @inheritdoc IFundingSource
    function changeImpairment(uint256 previous, uint256 next) external onlySource {
        (uint256 booked, uint256 principalOut) = (_books.impairment, _books.principalOut);
        require(previous <= booked, ImpairmentUnknown(previous, booked));
        uint256 impairment = booked - previous + next;
        require(next <= previous || impairment <= principalOut, ImpairmentTooLarge(impairment, principalOut));

        _books.impairment = impairment.toUint56();
        emit ImpairmentChanged(impairment);
    }

    /// @inheritdoc IFundingSource
    /// @dev The reserve is asked before anything is written, so that the loss is known in whole when it is booked.
    function writeOff(uint256 principal, uint256 weight, uint256 settledNumerator, DayCount dayCount)
        external
        onlySource
        nonReentrant
    {
        BooksWord memory word = _books;
        Worth memory before = _worth(word);
        _settleOn(dayCount, weight, settledNumerator);
        word.principalOut = (word.principalOut - principal).toUint56();
        _books = word;
        uint256 loss = before.gross - _worth(word).gross;
        uint256 covered = _cover(loss);
        word.cash = (word.cash + covered).toUint56();
        _books = word;

        (uint256 lost, uint256 coveredBefore) = (_losses.lost, _losses.covered);
        (_losses.lost, _losses.covered) = ((lost + loss - covered).toUint64(), (coveredBefore + covered).toUint64());
        uint256 senior = Math.min(before.gross, before.claim);
        senior -= Math.min(senior, before.gross - loss + covered);
        emit LossTaken(loss, covered, loss - covered - senior, senior);
    }

    // By the vaults

    /// @inheritdoc ILendingPool
    function fund(uint256 assets) external nonReentrant returns (uint256 entry) {
        Tranche tranche = _trancheOfCaller();
        BooksWord memory word = _books;
        Worth memory worth = _worth(word);
        uint256 most = _fundable(tranche, word, worth);
        require(assets <= most, AmountTooLarge(assets, most));

        entry = _entryOf(tranche, word.streams, worth);
        _books.cash = (word.cash + assets).toUint56();
        if (tranche == Tranche.Senior) {
            SeniorWord memory senior = _accrued();
            senior.principal = (senior.principal + assets).toUint56();
            _senior = senior;
        }
    }

    /// @inheritdoc ILendingPool
    /// @dev Needs no guard: the promise is gone before the money goes.
    function payClaim(address to, uint256 assets) external {
        _trancheOfCaller();
        _books.setAside = (_books.setAside - assets).toUint56();

        cash.safeTransfer(to, assets);
    }

    // By anyone

    /// @inheritdoc ILendingPool
    /// @dev The vaults only count; they call nobody.
    function closeEpoch() external nonReentrant {
        SeniorWord memory senior = _accrued();
        uint256 closableAt_ = senior.lastEpochAt + epochSeconds;
        require(block.timestamp >= closableAt_, EpochNotOver(block.timestamp, closableAt_));
        require(_seniorVault != address(0), TranchesNotSet());

        BooksWord memory word = _books;
        _vest(word);
        Worth memory worth = _worth(word);
        uint256 exit = Math.min(worth.net, worth.claim);
        (uint256 forSenior, uint256 waiting) = ITrancheVault(_seniorVault).closeEpoch(Math.min(word.cash, exit), exit);
        if (forSenior != 0) _payDown(senior, forSenior, exit);
        // Shares that wait although senior was paid all that it is worth are worth nothing: they hold nobody up.
        uint256 most = waiting == 0 || forSenior == exit ? word.cash - forSenior : 0;
        uint256 forJunior = _closeJunior(most, worth.net - exit, exit - forSenior);

        senior.lastEpochAt = block.timestamp.toUint40();
        _senior = senior;
        word.cash = (word.cash - forSenior - forJunior).toUint56();
        word.setAside = (word.setAside + forSenior + forJunior).toUint56();
        _books = word;
        emit EpochClosed(forSenior, forJunior);
    }

    /// @inheritdoc ILendingPool
    function sendReserve() external nonReentrant returns (uint256 amount) {
        amount = _held.reserve;
        require(address(reserve) != address(0), ReserveNotSet());
        require(amount != 0, NothingForReserve());

        _held.reserve = 0;
        emit ReserveSent(amount);

        cash.safeTransfer(address(reserve), amount);
        reserve.topUp(amount);
    }

    // Views

    /// @inheritdoc IFundingSource
    function lendable() external view returns (uint256) {
        return _lendable(_books);
    }

    /// @inheritdoc ILendingPool
    function fundable(Tranche tranche) external view returns (uint256) {
        return vault(tranche) == address(0) ? 0 : _fundable(tranche, _books, _worthNow());
    }

    /// @inheritdoc ILendingPool
    function vault(Tranche tranche) public view returns (address) {
        return tranche == Tranche.Senior ? _seniorVault : _juniorVault;
    }

    /// @inheritdoc ILendingPool
    function closableAt() external view returns (uint256) {
        return _senior.lastEpochAt + epochSeconds;
    }

    // Internals

    function _requireSource() private view {
        require(msg.sender == desk || isListed[msg.sender], OnlyDesk(msg.sender, desk));
    }

    function _requireOwn(address vault_, Tranche tranche) private view {
        ITrancheVault its = ITrancheVault(vault_);
        bool own = address(its.pool()) == address(this) && its.tranche() == tranche;
        require(own, VaultOfOtherPool(vault_, address(this), tranche));
    }

    function _trancheOfCaller() private view returns (Tranche) {
        uint256 seat = _seatOf[msg.sender];
        require(seat != 0, OnlyVault(msg.sender));
        return Tranche(seat - 1);
    }

    function _lendable(BooksWord memory word) private view returns (uint256) {
        uint256 most = _cashNow(word);
        return _mayLend(word, most) ? most : 0;
    }

    function _mayLend(BooksWord memory word, uint256 cash_) private view returns (bool) {
        if (_isStopped(word, Stoppable.Draws)) return false;
        return subordinationFloorBps == 0 || _isSubordinated(_worthWith(word, cash_));
    }

    function _fundable(Tranche tranche, BooksWord memory word, Worth memory worth) private view returns (uint256 most) {
        if (_isStopped(word, Stoppable.Deposits)) return 0;
        // While senior is not covered, what is brought to junior would be senior's, and what is brought to senior would
        // share in what makes it whole. Junior's price counts what may come back, so that it must have as much itself.
        uint256 least = tranche == Tranche.Junior ? worth.claim + _losses.lost : worth.claim;
        if (worth.gross < least) return 0;
        most = MOST_FUNDED.saturatingSub(uint256(word.cash) + word.principalOut + word.setAside);
        uint256 cap = _losses.depositCap;
        if (cap != type(uint64).max) most = Math.min(most, cap.saturatingSub(worth.gross));
        if (tranche == Tranche.Senior && subordinationFloorBps != 0) {
            uint256 whole = worth.net.saturatingSub(worth.claim) * Rates.BPS / subordinationFloorBps;
            most = Math.min(most, whole.saturatingSub(worth.net));
        }
    }

    /// @return senior the word with its interest booked until now
    function _accrued() private view returns (SeniorWord memory senior) {
        senior = _senior;
        senior.accruedNumerator = _seniorNumerator(senior).toUint112();
        senior.accruedAt = block.timestamp.toUint40();
    }

    /// @dev What belongs to senior on record: see the event `Collected`.
    function _seniorPart(Receipt calldata receipt, uint256 cashBefore)
        private
        view
        returns (uint256 interest, uint256 principal)
    {
        SeniorWord memory senior = _senior;
        uint256 unpaid = Accrual.interestDown(_seniorNumerator(senior)).saturatingSub(_income.seniorPaid);
        interest = Math.min(receipt.interest, unpaid);
        principal = Math.min(receipt.principal, uint256(senior.principal).saturatingSub(cashBefore));
    }

    /// @dev Puts aside what is not the lenders', and streams what is above book.
    function _hold(BooksWord memory word, Receipt calldata receipt, uint256 aboveBook) private {
        HeldWord memory held_ = _held;
        uint256 forReserve = receipt.reserve;
        if (receipt.recovered != 0) {
            uint256 back = _shareRecovery(receipt.recovered);
            forReserve += back;
            aboveBook += receipt.recovered - back;
        }
        held_.fees = (held_.fees + receipt.fees).toUint56();
        held_.reserve = (held_.reserve + forReserve).toUint56();
        if (aboveBook != 0) _stream(word, held_, aboveBook);
        _held = held_;
    }

    /// @return toReserve of the recovery, what the first-loss reserve gets back: after the lenders, before any income
    function _shareRecovery(uint256 recovered) private returns (uint256 toReserve) {
        (uint256 lost, uint256 covered) = (_losses.lost, _losses.covered);
        uint256 toLenders = Math.min(recovered, lost);
        toReserve = Math.min(recovered - toLenders, covered);
        (_losses.lost, _losses.covered) = ((lost - toLenders).toUint64(), (covered - toReserve).toUint64());
        emit RecoveryShared(toLenders, toReserve, recovered - toLenders - toReserve);
    }

    /// @return covered minor units of the loss that are cash here now: first what waits here for the reserve, then the
    /// reserve itself
    function _cover(uint256 loss) private returns (uint256 covered) {
        covered = Math.min(loss, _held.reserve);
        if (covered != 0) _held.reserve = (_held.reserve - covered).toUint56();
        if (covered < loss && address(reserve) != address(0)) covered += reserve.cover(loss - covered);
    }

    /// @param most minor units that senior has left
    /// @param exit junior's net assets
    /// @param senior senior's net assets, above which junior must keep its share
    function _closeJunior(uint256 most, uint256 exit, uint256 senior) private returns (uint256 assets) {
        most = Math.min(most, exit.saturatingSub(_juniorNeeded(senior)));
        (assets,) = ITrancheVault(_juniorVault).closeEpoch(most, exit);
    }

    function _emitCollected(Receipt calldata receipt, uint256 seniorInterest, uint256 seniorPrincipal) private {
        uint256 junior = receipt.interest + receipt.principal - seniorInterest - seniorPrincipal;
        emit Collected(
            receipt.lateFees, receipt.fees, seniorInterest, seniorPrincipal, junior, receipt.recovered, receipt.reserve
        );
    }
}
