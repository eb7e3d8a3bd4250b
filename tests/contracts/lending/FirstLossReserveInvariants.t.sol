// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {FirstLossBase} from "./FirstLossReserve.t.sol";
import {RiskPool} from "./doubles/RiskPool.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Feeds, draws on and empties a reserve at random, and keeps its own books.
contract ReserveHandler is Test {
    FirstLossReserve private immutable _reserve;
    RiskPool private immutable _pool;
    CashToken private immutable _cash;
    address private immutable _servicer;
    address private immutable _operator;
    address[3] private _sponsors;

    uint256 public toppedUp;
    uint256 public deposited;
    uint256 public covered;
    uint256 public released;
    uint256 public surplusReleased;
    uint256 public donated;
    mapping(uint256 who => uint256) public paidIn;
    mapping(uint256 who => uint256) public takenOut;
    bool public releasedBelowFloor;
    bool public coveredOtherThanItShould;
    bool public sponsorsLostBeforeTheCollected;
    bool public actsOfOthersTook;
    bool public recoveredForTheNetworkFirst;
    /// @dev Per layer: what losses took of it, and what came back to it.
    uint256 public collectedLost;
    uint256 public sponsorsLost;
    uint256 public sponsorsRestored;
    /// @dev Claims that a loss raised or a recovery lowered.
    uint256 public movedTheWrongWay;
    /// @dev Claims that a recovery raised by more than the sponsor had lost itself.
    uint256 public overRestored;

    constructor(
        FirstLossReserve reserve,
        RiskPool pool,
        CashToken cash,
        address servicer,
        address operator,
        address[3] memory sponsors
    ) {
        (_reserve, _pool, _cash, _servicer, _operator, _sponsors) = (reserve, pool, cash, servicer, operator, sponsors);
    }

    function lend(uint256 principal) external {
        _pool.lend(bound(principal, 0, 1e13));
    }

    function topUp(uint256 amount) external {
        uint256 lost = sponsorsLost - sponsorsRestored;
        amount = amount % 4 == 0 ? lost : bound(amount, 0, 1e12);
        (uint256 first, uint256 next) = (_reserve.collected(), _reserve.sponsored());
        uint256[3] memory claims = _claims();
        _pool.topUp(_reserve, amount);
        uint256 back = _reserve.sponsored() - next;
        if (back != (amount < lost ? amount : lost)) recoveredForTheNetworkFirst = true;
        if (_reserve.collected() - first != amount - back) recoveredForTheNetworkFirst = true;
        for (uint256 i; i < 3; ++i) {
            uint256 claim = _reserve.claimOf(_sponsors[i]);
            // While others are made good, a whole claim may stand a rounding below itself.
            if (claim + 1 < claims[i]) ++movedTheWrongWay;
            if (claim + takenOut[i] > paidIn[i]) ++overRestored;
        }
        (toppedUp, sponsorsRestored) = (toppedUp + amount, sponsorsRestored + back);
    }

    function deposit(uint256 who, uint256 amount) external {
        who = who % 3;
        amount = bound(amount, 1, 1e12);
        uint256 others = _othersOf(who);
        vm.prank(_sponsors[who]);
        _reserve.deposit(amount);
        if (_othersOf(who) < others) actsOfOthersTook = true;
        deposited += amount;
        paidIn[who] += amount;
    }

    /// @dev One loss in four takes nearly all there is.
    function cover(uint256 loss) external {
        uint256 all = _reserve.held();
        loss = loss % 4 == 0 ? all - (all == 0 ? 0 : loss % 5 % all) : bound(loss, 0, all / 2 + 1);
        (uint256 first, uint256 next) = (_reserve.collected(), _reserve.sponsored());
        uint256[3] memory claims = _claims();
        uint256 paid = _pool.cover(_reserve, loss);
        if (paid != (loss < first + next ? loss : first + next)) coveredOtherThanItShould = true;
        // What the sponsors lost is what the collected part could not pay.
        uint256 theirs = paid > first ? paid - first : 0;
        if (next - _reserve.sponsored() != theirs) sponsorsLostBeforeTheCollected = true;
        for (uint256 i; i < 3; ++i) {
            if (_reserve.claimOf(_sponsors[i]) > claims[i]) ++movedTheWrongWay;
        }
        (covered, collectedLost, sponsorsLost) = (covered + paid, collectedLost + paid - theirs, sponsorsLost + theirs);
    }

    function release(uint256 who, uint256 amount) external {
        who = who % 3;
        uint256 most = _reserve.claimOf(_sponsors[who]);
        if (_reserve.releasable() < most) most = _reserve.releasable();
        if (most == 0) return;
        amount = bound(amount, 1, most);
        uint256 others = _othersOf(who);
        vm.prank(_servicer);
        _reserve.release(_sponsors[who], amount);
        if (_reserve.held() < _reserve.floor()) releasedBelowFloor = true;
        if (_othersOf(who) < others) actsOfOthersTook = true;
        released += amount;
        takenOut[who] += amount;
    }

    function releaseSurplus(uint256 amount) external {
        uint256 most = _reserve.surplus();
        if (most == 0) return;
        amount = bound(amount, 1, most);
        vm.prank(_servicer);
        _reserve.releaseSurplus(_operator, amount);
        if (_reserve.collected() < _reserve.floor()) releasedBelowFloor = true;
        surplusReleased += amount;
    }

    function donate(uint256 who, uint256 amount) external {
        amount = bound(amount, 0, 1e12);
        vm.prank(_sponsors[who % 3]);
        _cash.transfer(address(_reserve), amount);
        donated += amount;
    }

    function _claims() private view returns (uint256[3] memory claims) {
        for (uint256 i; i < 3; ++i) {
            claims[i] = _reserve.claimOf(_sponsors[i]);
        }
    }

    function _othersOf(uint256 who) private view returns (uint256 sum) {
        for (uint256 i; i < 3; ++i) {
            if (i != who) sum += _reserve.claimOf(_sponsors[i]);
        }
    }
}

contract FirstLossReserveInvariants is FirstLossBase {
    ReserveHandler private _handler;

    function setUp() public override {
        super.setUp();
        _handler = new ReserveHandler(reserve, pool, euro, address(this), operator, sponsors);
        targetContract(address(_handler));
    }

    function invariant_reserve_holds_what_came_in_less_what_went_out() public view {
        uint256 went = _handler.covered() + _handler.released() + _handler.surplusReleased();
        assertEq(reserve.held(), _handler.toppedUp() + _handler.deposited() - went);
        assertEq(reserve.held(), reserve.collected() + reserve.sponsored());
        assertEq(euro.balanceOf(address(reserve)), reserve.held() + _handler.donated());
    }

    function invariant_reserve_claims_never_exceed_what_sponsors_have_there() public view {
        assertLe(_claims(), reserve.sponsored());
    }

    function invariant_reserve_claims_leave_no_more_than_crumbs() public view {
        // Less than a minor unit a sponsor is lost to rounding of the claims themselves.
        assertLe(reserve.sponsored(), _claims() + 3);
    }

    function invariant_reserve_gives_a_sponsor_at_most_what_it_paid_in() public view {
        for (uint256 i; i < 3; ++i) {
            assertLe(reserve.claimOf(sponsors[i]) + _handler.takenOut(i), _handler.paidIn(i));
        }
    }

    function invariant_reserve_collected_part_loses_before_sponsors() public view {
        assertFalse(_handler.sponsorsLostBeforeTheCollected());
    }

    function invariant_reserve_recoveries_restore_sponsors_first() public view {
        assertFalse(_handler.recoveredForTheNetworkFirst());
        if (reserve.lostBySponsors() != 0) assertEq(reserve.collected(), 0, "the network has nothing of it before");
    }

    function invariant_reserve_no_layer_recovers_more_than_it_lost() public view {
        assertEq(reserve.lostBySponsors(), _handler.sponsorsLost() - _handler.sponsorsRestored());
        assertEq(_handler.overRestored(), 0);
        uint256 stakes;
        for (uint256 i; i < 3; ++i) {
            assertEq(reserve.stakeOf(sponsors[i]), _handler.paidIn(i) - _handler.takenOut(i));
            stakes += reserve.stakeOf(sponsors[i]);
        }
        assertEq(stakes, reserve.sponsored() + reserve.lostBySponsors());
        uint256 kept = _handler.toppedUp() - _handler.sponsorsRestored() - _handler.collectedLost();
        assertEq(reserve.collected() + _handler.surplusReleased(), kept);
    }

    function invariant_reserve_losses_lower_claims_and_recoveries_raise_them() public view {
        assertEq(_handler.movedTheWrongWay(), 0);
    }

    function invariant_reserve_covers_all_it_can_and_no_more() public view {
        assertFalse(_handler.coveredOtherThanItShould());
    }

    function invariant_reserve_releases_nothing_below_the_floor() public view {
        assertFalse(_handler.releasedBelowFloor());
    }

    function invariant_reserve_takes_nothing_from_a_sponsor_for_anothers_act() public view {
        assertFalse(_handler.actsOfOthersTook());
    }
}
