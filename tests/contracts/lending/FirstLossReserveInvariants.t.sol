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
        amount = bound(amount, 0, 1e12);
        _pool.topUp(_reserve, amount);
        toppedUp += amount;
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
        uint256 paid = _pool.cover(_reserve, loss);
        if (paid != (loss < first + next ? loss : first + next)) coveredOtherThanItShould = true;
        // What the sponsors lost is what the collected part could not pay, or crumbs that joined it.
        if (_reserve.sponsored() < next && paid <= first) sponsorsLostBeforeTheCollected = true;
        covered += paid;
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
