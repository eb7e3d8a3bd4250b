// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {CollateralHandler} from "./doubles/CollateralHandler.sol";
import {Test} from "forge-std/Test.sol";

/// @title What must hold between any two acts, seen from inside the handler, where the contracts are at hand.
contract CollateralChecks is CollateralHandler {
    function checkUnits() external view {
        for (uint256 which; which < ITEMS; ++which) {
            uint256 item = _item(which);
            uint256 sum;
            FinancingId[] memory live = invoices.financingsOf(item);
            for (uint256 i; i < live.length; ++i) {
                (,, uint256 units) = invoices.pledgeOf(live[i]);
                sum += units;
            }
            assertEq(sum, invoices.unitsOf(item), "the pledges' units are the item's");
            uint256 held = token.balanceOf(address(invoices), item);
            assertEq(held + pendingDilution[item], sum, "and those in custody");
        }
    }

    function checkCash() external view {
        uint256 sum;
        for (uint64 i = 1; i <= financings; ++i) {
            sum += invoices.cashOf(_id(i));
        }
        assertEq(cash.balanceOf(address(invoices)), sum);
    }

    function checkEveryPaymentArrives() external view {
        uint256 waiting = cash.balanceOf(address(token)) + cash.balanceOf(address(invoices));
        assertEq(waiting + cash.balanceOf(address(desk)) + givenBack, paidIn);
        uint256 received;
        for (uint64 i = 1; i <= financings; ++i) {
            received += desk.received(_id(i));
        }
        assertEq(received, cash.balanceOf(address(desk)));
    }

    function checkLists() external view {
        uint256 listed;
        for (uint256 which; which < ITEMS; ++which) {
            FinancingId[] memory live = invoices.financingsOf(_item(which));
            assertLe(live.length, 16);
            listed += live.length;
            for (uint256 i; i < live.length; ++i) {
                (uint256 item, bytes32 subject,) = invoices.pledgeOf(live[i]);
                assertEq(item, _item(which), "listed where it belongs");
                assertEq(subject, _goods(item));
                for (uint256 j; j < i; ++j) {
                    assertTrue(FinancingId.unwrap(live[i]) != FinancingId.unwrap(live[j]), "listed twice");
                }
            }
        }
        assertLe(listed, financings);
    }

    function checkReleasedKeepNothing() external view {
        for (uint64 i = 1; i <= financings; ++i) {
            (uint256 item,, uint256 units) = invoices.pledgeOf(_id(i));
            if (_isLive(i, item)) continue;
            assertEq(units + invoices.cashOf(_id(i)) + _base(i) + invoices.valueOf(_id(i)), 0);
        }
    }

    function checkValues() external view {
        for (uint256 which; which < ITEMS; ++which) {
            uint256 item = _item(which);
            FinancingId[] memory live = invoices.financingsOf(item);
            uint256 sum;
            for (uint256 i; i < live.length; ++i) {
                uint256 value = invoices.valueOf(live[i]);
                assertLe(invoices.borrowingBase(live[i]), value, "base within value");
                (,, uint256 units) = invoices.pledgeOf(live[i]);
                assertLe(value, units, "value within units");
                if (live.length > 1) assertEq(value, _valueByCustody(item, units), "as custody tells");
                sum += value;
            }
            (,,, uint256 owed, uint256 disputed) = token.debtOf(ReceivableId.wrap(item));
            assertLe(sum, _good(item), "no more than is in custody and unpaid");
            assertLe(sum, owed - disputed, "nor than is owed beyond dispute");
        }
    }

    /// @dev A shared item's value from what is in custody, whether or not the adapter looked there.
    function _valueByCustody(uint256 item, uint256 units) private view returns (uint256) {
        (,,, uint256 owed, uint256 disputed) = token.debtOf(ReceivableId.wrap(item));
        uint256 part = _good(item) * units;
        if (part == 0) return 0;
        part = (part - 1) / invoices.unitsOf(item);
        return disputed == 0 ? part : part * (owed - disputed) / owed;
    }

    function checkReservations() external view {
        assertEq(snatched, 0);
        for (uint256 which; which < ITEMS; ++which) {
            for (uint256 who; who < 3; ++who) {
                uint256 item = _item(which);
                (FacilityId line, uint256 until) = invoices.reservationOf(item, _holder(who));
                if (FacilityId.unwrap(line) == 0) continue;
                (address custodian, uint40 untilThere) = token.reservations(ReceivableId.wrap(item), _holder(who));
                assertEq(custodian, address(invoices));
                assertEq(untilThere, until, "token and adapter agree");
                assertLe(until, vm.getBlockTimestamp() + 7 days);
            }
        }
    }
}

contract CollateralInvariantsTest is Test {
    CollateralChecks private handler;

    function setUp() public {
        handler = new CollateralChecks();
        handler.setUp();
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = handler.take.selector;
        selectors[1] = handler.release.selector;
        selectors[2] = handler.reserve.selector;
        selectors[3] = handler.endReservation.selector;
        selectors[4] = handler.pay.selector;
        selectors[5] = handler.dilute.selector;
        selectors[6] = handler.dispute.selector;
        selectors[7] = handler.settleDispute.selector;
        selectors[8] = handler.attest.selector;
        selectors[9] = handler.disputeFact.selector;
        selectors[10] = handler.hint.selector;
        selectors[11] = handler.forward.selector;
        selectors[12] = handler.refuse.selector;
        selectors[13] = handler.wait_.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: selectors}));
    }

    function invariant_pledgedUnitsAreTheUnitsInCustody() public view {
        handler.checkUnits();
    }

    function invariant_cashHeldIsWhatPledgesHaveToForward() public view {
        handler.checkCash();
    }

    function invariant_everyPaymentArrivesOnce() public view {
        handler.checkEveryPaymentArrives();
    }

    function invariant_itemsListTheirPledgesAtMostSixteen() public view {
        handler.checkLists();
    }

    function invariant_releasedPledgesKeepNothing() public view {
        handler.checkReleasedKeepNothing();
    }

    function invariant_basesStayWithinWhatIsOwed() public view {
        handler.checkValues();
    }

    function invariant_reservedPartsGoToTheirFacilityOnly() public view {
        handler.checkReservations();
    }

    function invariant_badNewsNeverRaisesABase() public view {
        assertEq(handler.raised(), 0);
    }

    /// @dev The walks would prove nothing if the handler's acts did nothing.
    function test_theHandlersActsMoveCollateral() public {
        handler.reserve(0, 0, 3 days, true);
        handler.take(0, 0, 4_000_000, false);
        assertEq(handler.refusals(), 1);
        handler.take(0, 0, 4_000_000, true);
        handler.take(0, 1, 2_000_000, false);
        handler.attest(0, false, 1, 0);
        handler.pay(0, 500_000);
        handler.dilute(0, 400_000);
        assertEq(handler.pendingDilution(uint256(keccak256("invoice"))), 400_000);
        handler.hint(0);
        handler.release(1);
        assertEq(handler.paidIn(), 500_000);
        assertEq(handler.financings(), 2);
        assertEq(handler.acts(), 9);
    }
}
