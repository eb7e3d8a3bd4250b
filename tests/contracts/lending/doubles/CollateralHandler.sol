// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../../contracts/lending/interfaces/ICollateral.sol";
import {IMilestoneOracle} from "../../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../../contracts/types/Ids.sol";
import {Milestones} from "../../../../contracts/types/Milestones.sol";
import {CollateralBase} from "./CollateralBase.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Three holders pledge parts of two invoices under two facilities; debtors pay, dispute and return goods; hints
/// come, or do not.
contract CollateralHandler is CollateralBase {
    uint256 internal constant ITEMS = 2;
    /// @dev Until somebody brings it in, a dilution is known to the token alone.
    mapping(uint256 itemId => uint256) public pendingDilution;
    mapping(FinancingId => uint256) internal _bases;
    mapping(FinancingId => address) internal _pledgors;
    uint64 public financings;
    uint256 public acts;
    uint256 public paidIn;
    uint256 public givenBack;
    /// @dev Bases that rose where only bad news came.
    uint256 public raised;
    /// @dev Parts that were taken by another facility than they were reserved for.
    uint256 public snatched;
    uint256 public refusals;

    modifier act() {
        ++acts;
        _;
    }

    /// @dev An act that may only lower bases, or leave them.
    modifier badNews() {
        ++acts;
        for (uint64 i = 1; i <= financings; ++i) {
            _bases[_id(i)] = _base(i);
        }
        _;
        for (uint64 i = 1; i <= financings; ++i) {
            if (_base(i) > _bases[_id(i)]) ++raised;
        }
    }

    function setUp() public override {
        super.setUp();
        _setUpInvoice(_item(1));
    }

    // Holders

    function take(uint256 which, uint256 who, uint256 units, bool other) external act {
        uint256 item = _item(which);
        address pledgor = _holder(who);
        uint256 held = token.balanceOf(pledgor, item);
        (IReceivableToken.State state,,,,) = token.debtOf(ReceivableId.wrap(item));
        uint256 pledges = invoices.financingsOf(item).length;
        uint256 least = Math.ceilDiv(token.receivable(ReceivableId.wrap(item)).faceValue, 64);
        if (state != IReceivableToken.State.Accepted || held < least || pledges == 16 || held == 0) return;
        units = _bound(units, least, units % 3 == 0 && held > least + 9 ? least + 9 : held);
        _tryTake(item, pledgor, units, other ? OTHER_FACILITY : FACILITY);
    }

    function release(uint256 which) external badNews {
        (uint64 number, uint256 item) = _pick(which);
        if (number == 0 || !_isLive(number, item)) return;
        address to = _pledgors[_id(number)];
        uint256 before = cash.balanceOf(to);
        desk.release(_id(number), to);
        givenBack += cash.balanceOf(to) - before;
        pendingDilution[item] = 0;
    }

    function reserve(uint256 which, uint256 who, uint256 time, bool other) external act {
        uint256 item = _item(which);
        address holder = _holder(who);
        (FacilityId reserved,) = invoices.reservationOf(item, holder);
        if (FacilityId.unwrap(reserved) != 0 || token.balanceOf(holder, item) == 0) return;
        uint256 until = block.timestamp + _bound(time, 1, 7 days);
        vm.prank(applications);
        invoices.reserve(other ? OTHER_FACILITY : FACILITY, holder, item, uint40(until));
    }

    function endReservation(uint256 which, uint256 who) external act {
        (FacilityId reserved,) = invoices.reservationOf(_item(which), _holder(who));
        if (FacilityId.unwrap(reserved) == 0) return;
        vm.prank(applications);
        invoices.endReservation(_holder(who), _item(which));
    }

    // Debtors

    function pay(uint256 which, uint256 amount) external badNews {
        uint256 item = _item(which);
        uint256 good = _good(item);
        if (good == 0) return;
        amount = _bound(amount, 1, amount % 3 == 0 && good > 7 ? 7 : good);
        paidIn += amount;
        token.bring(ReceivableId.wrap(item), address(invoices), amount);
        _clip(item);
    }

    function dilute(uint256 which, uint256 amount) external badNews {
        uint256 item = _item(which);
        uint256 good = _good(item);
        if (good == 0) return;
        amount = _bound(amount, 1, amount % 3 == 0 && good > 7 ? 7 : good / 4 + 1);
        token.dilute(ReceivableId.wrap(item), address(invoices), amount);
        pendingDilution[item] += amount;
        _clip(item);
    }

    function dispute(uint256 which, uint256 amount) external badNews {
        ReceivableId id = ReceivableId.wrap(_item(which));
        (,,, uint256 outstanding, uint256 disputed) = token.debtOf(id);
        if (disputed == outstanding) return;
        token.setState(id, IReceivableToken.State.Disputed, _bound(amount, disputed + 1, outstanding));
    }

    function settleDispute(uint256 which) external act {
        token.setState(ReceivableId.wrap(_item(which)), IReceivableToken.State.Accepted, 0);
    }

    // Witnesses

    function attest(uint256 which, bool received, uint256 sequence, uint256 quantity) external act {
        uint32 milestone = received ? Milestones.RECEIVED : Milestones.DEPARTED;
        oracle.set(
            _goods(_item(which)),
            milestone,
            uint32(_bound(sequence, 1, 3)),
            IMilestoneOracle.Status.Final,
            _bound(quantity, 0, QUANTITY)
        );
    }

    function disputeFact(uint256 which, bool received, uint256 sequence) external badNews {
        uint32 milestone = received ? Milestones.RECEIVED : Milestones.DEPARTED;
        uint32 number = uint32(_bound(sequence, 1, 3));
        oracle.set(_goods(_item(which)), milestone, number, IMilestoneOracle.Status.Disputed, 0);
    }

    // Anyone

    function hint(uint256 which) external badNews {
        uint256 item = _item(which);
        if (invoices.financingsOf(item).length == 0) return;
        invoices.onProceeds(item);
        pendingDilution[item] = 0;
    }

    function forward(uint256 which) external badNews {
        (uint64 number, uint256 item) = _pick(which);
        if (number == 0 || desk.refuses(_id(number))) return;
        invoices.forward(_id(number));
        pendingDilution[item] = 0;
    }

    function refuse(uint256 which, bool refused) external act {
        (uint64 number,) = _pick(which);
        if (number != 0) desk.refuse(_id(number), refused);
    }

    function wait_(uint256 time) external badNews {
        vm.warp(block.timestamp + _bound(time, 1, 3 days));
    }

    // Internals

    function _tryTake(uint256 item, address pledgor, uint256 units, FacilityId line) private {
        (FacilityId reserved,) = invoices.reservationOf(item, pledgor);
        uint64 for_ = FacilityId.unwrap(reserved);
        bool free = for_ == 0 || for_ == FacilityId.unwrap(line);
        (bool taken, bytes memory reason) = address(desk).call(_taking(line, pledgor, item, units));
        if (!taken) {
            assertTrue(!free && bytes4(reason) == ICollateral.ItemReserved.selector, "refused for nothing");
            ++refusals;
            return;
        }
        _pledgors[_id(++financings)] = pledgor;
        pendingDilution[item] = 0;
        if (!free) ++snatched;
    }

    function _taking(FacilityId line, address pledgor, uint256 item, uint256 units)
        private
        view
        returns (bytes memory)
    {
        bytes32 goods = _goods(item);
        return abi.encodeCall(desk.take, (invoices, _id(financings + 1), line, pledgor, item, units, goods));
    }

    function _item(uint256 which) internal pure returns (uint256) {
        return which % ITEMS == 0 ? ITEM : uint256(keccak256("another invoice"));
    }

    function _goods(uint256 item) internal pure returns (bytes32) {
        return item == ITEM ? GOODS : keccak256("other goods");
    }

    function _holder(uint256 who) internal view returns (address) {
        return who % 3 == 0 ? supplier : who % 3 == 1 ? secondTier : thirdTier;
    }

    function _pick(uint256 which) internal view returns (uint64 number, uint256 item) {
        if (financings == 0) return (0, 0);
        number = uint64(_bound(which, 1, financings));
        (item,,) = invoices.pledgeOf(_id(number));
    }

    function _isLive(uint64 number, uint256 item) internal view returns (bool) {
        FinancingId[] memory live = invoices.financingsOf(item);
        for (uint256 i; i < live.length; ++i) {
            if (FinancingId.unwrap(live[i]) == number) return true;
        }
        return false;
    }

    /// @return minor units that the adapter holds and that are not paid
    function _good(uint256 item) internal view returns (uint256) {
        (uint256 units, uint256 claimable) = token.position(ReceivableId.wrap(item), address(invoices));
        return units - claimable;
    }

    /// @dev No more is in dispute than is owed, as the real token sees to.
    function _clip(uint256 item) private {
        ReceivableId id = ReceivableId.wrap(item);
        (IReceivableToken.State state,,, uint256 outstanding, uint256 disputed) = token.debtOf(id);
        if (disputed > outstanding) token.setState(id, state, outstanding);
    }
}
