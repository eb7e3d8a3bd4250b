// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {OrderId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {InventoryBase} from "../inventory/InventoryBase.sol";
import {Assignee} from "../support/Assignee.sol";
import {Network} from "../support/Network.t.sol";
import {Orders} from "../support/Orders.sol";

/// @title Borealis orders a ton of coffee of Acme for 100,000.00 by 3 June, ten days of grace: 40 % when it has departed
/// and the rest by what was received, 5 % more or 1 % less. What was received may be disputed for an hour.
abstract contract EscrowBase is InventoryBase, Orders {
    OrderId internal constant ID = OrderId.wrap(uint256(keccak256("PO-2026-0815")));
    uint256 internal constant VALUE = 10_000_000;
    uint256 internal constant DELIVER_BY = START / 1 days + 30;
    uint256 internal constant GRACE_DAYS = 10;
    uint256 internal constant TOO_LATE = (DELIVER_BY + GRACE_DAYS + 1) * 1 days;
    uint32 internal constant WINDOW = 1 hours;

    OrderEscrow internal escrow;
    Assignee internal assignee;
    address internal seller;
    address internal buyer;
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual override(InventoryBase, Network) {
        super.setUp();
        (seller, buyer) = (acme.account, borealis.account);
        escrow = _newEscrow(lots);
        assignee = new Assignee();
        registry.admitAccount(operator.lei, address(assignee));
        escrow.listAssignee(address(assignee), true);
        lots.listCustodian(address(escrow));
        uint8 witnesses = uint8(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CARRIER);
        oracle.setPolicy(Milestones.LOADED, IMilestoneOracle.Policy(2, witnesses, 0, 50, 90 days, 300, 0));
        oracle.setPolicy(Milestones.DEPARTED, IMilestoneOracle.Policy(2, witnesses, 0, 50, 90 days, 300, 0));
        oracle.setPolicy(Milestones.RECEIVED, IMilestoneOracle.Policy(2, witnesses, 0, 50, 90 days, 300, WINDOW));
    }

    // Orders

    function _orderTerms() internal view returns (IOrderEscrow.OrderTerms memory terms) {
        terms = _termsOf(ID, buyer, SHIPMENT, VALUE, QUANTITY, DELIVER_BY);
        (terms.graceDays, terms.overBps, terms.underBps, terms.lines[0].unit) = (GRACE_DAYS, 500, 100, "KGM");
        terms.payouts = new IOrderEscrow.Payout[](2);
        terms.payouts[0] = IOrderEscrow.Payout(Milestones.DEPARTED, 4000, false);
        terms.payouts[1] = IOrderEscrow.Payout(Milestones.RECEIVED, 10_000, true);
    }

    function _registerOrder() internal {
        vm.prank(seller);
        escrow.registerOrder(_orderTerms());
    }

    function _acceptOrder(OrderId id) internal {
        bytes32 termsHash = escrow.termsHashOf(id);
        vm.prank(buyer);
        escrow.acceptOrder(id, termsHash);
    }

    function _accepted() internal {
        _accepted(_orderTerms());
    }

    function _accepted(IOrderEscrow.OrderTerms memory terms) internal {
        vm.prank(seller);
        escrow.registerOrder(terms);
        _acceptOrder(terms.id);
    }

    // Money

    function _give(address who, uint256 amount) internal {
        _issue(euro, who, amount);
        vm.prank(who);
        euro.approve(address(escrow), type(uint256).max);
    }

    function _fund(uint256 amount) internal {
        _fundBy(buyer, amount);
    }

    function _fundBy(address who, uint256 amount) internal {
        _give(who, amount);
        vm.prank(who);
        escrow.fund(ID, amount);
    }

    function _payOrder(uint256 amount) internal {
        _give(buyer, amount);
        vm.prank(buyer);
        escrow.payOrder(ID, amount);
    }

    // Facts

    function _depart() internal {
        _attestBoth(SHIPMENT, Milestones.DEPARTED, 1, uint64(QUANTITY));
    }

    /// @notice So much was received; settled once it can no longer be disputed, where anything is held.
    function _receive(uint32 sequence, uint64 quantity) internal {
        _attestBoth(SHIPMENT, Milestones.RECEIVED, sequence, quantity);
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        escrow.settle(ID);
    }

    // Reading

    function _state() internal view returns (IOrderEscrow.State) {
        return escrow.order(ID).state;
    }

    function _assertState(IOrderEscrow.State state) internal view {
        assertEq(uint8(_state()), uint8(state), "state");
    }

    function _wrongState(IOrderEscrow.State state, IOrderEscrow.State needed) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderEscrow.OrderStateWrong.selector, ID, state, needed);
    }

    /// @dev Of every order, always: each minor unit of its value is somewhere, and so is each that was put in.
    function _assertBalanced() internal view {
        IOrderEscrow.Order memory its = escrow.order(ID);
        IOrderEscrow.Funds memory funds = escrow.fundsOf(ID);
        assertEq(its.value, uint256(its.paid) + funds.invoiced + funds.waived + escrow.outstanding(ID), "value");
        assertEq(escrow.heldInAll(ID) + escrow.parkedInAll(address(euro)), euro.balanceOf(address(escrow)), "money");
    }
}
