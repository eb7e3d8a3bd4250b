// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CashToken} from "../../../contracts/money/CashToken.sol";
import {ReceivableToken} from "../../../contracts/receivables/ReceivableToken.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Pays, moves and claims at random on three invoices in one currency, and keeps its own books.
contract ReceivableHandler is Test {
    ReceivableToken private immutable _receivables;
    CashToken private immutable _cash;
    address private immutable _payer;
    address[] private _holders;
    mapping(uint256 id => uint256) public paid;
    mapping(uint256 id => uint256) public claimed;
    mapping(uint256 id => mapping(address holder => uint256)) public unitsTaken;
    mapping(uint256 id => mapping(address holder => uint256)) public cashTaken;

    constructor(ReceivableToken receivables, CashToken cash, address payer, address[] memory holders) {
        _receivables = receivables;
        _cash = cash;
        _payer = payer;
        _holders = holders;
        for (uint256 id = 1; id <= 3; ++id) {
            unitsTaken[id][holders[0]] = _faceValue(id);
        }
    }

    function pay(uint256 id, uint256 amount) external {
        id = bound(id, 1, 3);
        uint256 owed = _receivables.outstanding(ReceivableId.wrap(id));
        if (owed == 0) return;
        amount = bound(amount, 1, owed);
        vm.prank(_payer);
        _receivables.pay(ReceivableId.wrap(id), amount);
        paid[id] += amount;
    }

    function claim(uint256 id, uint256 who) external {
        id = bound(id, 1, 3);
        address holder = _holders[who % _holders.length];
        if (_receivables.claimable(ReceivableId.wrap(id), holder) == 0) return;
        _claim(id, holder);
    }

    function transfer(uint256 id, uint256 from, uint256 to, uint256 units) external {
        id = bound(id, 1, 3);
        address giver = _holders[from % _holders.length];
        address taker = _holders[to % _holders.length];
        if (_receivables.outstanding(ReceivableId.wrap(id)) == 0) return;
        if (_receivables.claimable(ReceivableId.wrap(id), giver) != 0) _claim(id, giver);
        if (_receivables.claimable(ReceivableId.wrap(id), taker) != 0) _claim(id, taker);
        units = bound(units, 0, _receivables.balanceOf(giver, id));
        vm.prank(giver);
        _receivables.safeTransferFrom(giver, taker, id, units, "");
        unitsTaken[id][giver] -= units;
        unitsTaken[id][taker] += units;
    }

    function finish() external {
        for (uint256 id = 1; id <= 3; ++id) {
            uint256 owed = _receivables.outstanding(ReceivableId.wrap(id));
            if (owed != 0) {
                vm.prank(_payer);
                _receivables.pay(ReceivableId.wrap(id), owed);
                paid[id] += owed;
            }
            for (uint256 i = 0; i < _holders.length; ++i) {
                if (_receivables.claimable(ReceivableId.wrap(id), _holders[i]) != 0) _claim(id, _holders[i]);
            }
        }
    }

    function holders() external view returns (address[] memory) {
        return _holders;
    }

    function _claim(uint256 id, address holder) private {
        uint256 before = _cash.balanceOf(holder);
        vm.prank(holder);
        _receivables.claim(ReceivableId.wrap(id));
        uint256 got = _cash.balanceOf(holder) - before;
        claimed[id] += got;
        cashTaken[id][holder] += got;
    }

    function _faceValue(uint256 id) private pure returns (uint256) {
        return [uint256(7), 1000, 10_000_000][id - 1];
    }
}

/// @dev Invariants 28, 30 and 34, in one currency so that one invoice's shortage would eat another's cash.
/// forge-config: default.invariant.runs = 48
/// forge-config: default.invariant.depth = 96
/// forge-config: default.invariant.fail-on-revert = true
contract ReceivableInvariants is Network {
    ReceivableHandler private _handler;

    function setUp() public override {
        super.setUp();
        for (uint256 id = 1; id <= 3; ++id) {
            _registerAndAcceptAs(ReceivableId.wrap(id), [uint256(7), 1000, 10_000_000][id - 1]);
        }
        address[] memory holders = new address[](4);
        holders[0] = acme.account;
        holders[1] = lender.account;
        holders[2] = carrier.account;
        holders[3] = _custodian();
        _issue(euro, borealis.account, FACE_VALUE * 2);
        vm.prank(borealis.account);
        euro.approve(address(receivables), type(uint256).max);
        _handler = new ReceivableHandler(receivables, euro, borealis.account, holders);
        bytes4[] memory moves = new bytes4[](3);
        moves[0] = ReceivableHandler.pay.selector;
        moves[1] = ReceivableHandler.claim.selector;
        moves[2] = ReceivableHandler.transfer.selector;
        targetSelector(FuzzSelector(address(_handler), moves));
        targetContract(address(_handler));
    }

    function invariant_units_and_claims_make_up_the_face_value() public view {
        for (uint256 id = 1; id <= 3; ++id) {
            uint256 units = 0;
            for (uint256 i = 0; i < 4; ++i) {
                units += receivables.balanceOf(_handler.holders()[i], id);
            }
            IReceivableToken.Receivable memory its = receivables.receivable(ReceivableId.wrap(id));
            assertEq(units + _handler.claimed(id), its.faceValue);
            assertEq(its.paid, _handler.paid(id));
            assertEq(its.state == IReceivableToken.State.Settled, its.paid == its.faceValue);
        }
    }

    function invariant_claims_and_what_could_be_claimed_never_exceed_what_was_paid() public view {
        uint256 unclaimed = 0;
        for (uint256 id = 1; id <= 3; ++id) {
            uint256 claimable = 0;
            for (uint256 i = 0; i < 4; ++i) {
                claimable += receivables.claimable(ReceivableId.wrap(id), _handler.holders()[i]);
            }
            assertLe(_handler.claimed(id) + claimable, _handler.paid(id));
            unclaimed += _handler.paid(id) - _handler.claimed(id);
        }
        assertEq(euro.balanceOf(address(receivables)), unclaimed);
    }

    function invariant_the_encumbrance_is_the_custodians_balance() public view {
        address custodian = receivables.custodianAt(1);
        for (uint256 id = 1; id <= 3; ++id) {
            bool holds = receivables.balanceOf(custodian, id) != 0;
            assertEq(receivables.receivable(ReceivableId.wrap(id)).custodian, holds ? 1 : 0);
        }
    }

    /// @dev Whatever happened before: once everything is paid and claimed, every unit has brought one minor unit to
    /// whom it came to, and nothing is left.
    function afterInvariant() public {
        _handler.finish();
        assertEq(euro.balanceOf(address(receivables)), 0);
        for (uint256 id = 1; id <= 3; ++id) {
            for (uint256 i = 0; i < 4; ++i) {
                address holder = _handler.holders()[i];
                assertEq(_handler.cashTaken(id, holder), _handler.unitsTaken(id, holder));
                assertEq(receivables.balanceOf(holder, id), 0);
            }
        }
    }

    function _custodian() private returns (address) {
        Custodian custodian = new Custodian(receivables);
        custodian.setMood(Custodian.Mood.Idle);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        return address(custodian);
    }

    function _registerAndAcceptAs(ReceivableId id, uint256 faceValue) private {
        IReceivableToken.RegisterTerms memory terms = _terms();
        IReceivableToken.Acceptance memory said = _acceptance();
        (terms.id, said.id) = (id, id);
        (terms.faceValue, said.faceValue) = (faceValue, faceValue);
        vm.prank(acme.account);
        receivables.register(terms);
        vm.prank(borealis.account);
        receivables.accept(said);
    }
}
