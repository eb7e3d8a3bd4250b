// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMatchedCollateral} from "../../../contracts/lending/interfaces/IMatchedCollateral.sol";
import {OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {CollateralBase} from "./doubles/CollateralBase.sol";

/// @title What may be lent on an invoice that is matched with an order.
contract MatchedBaseTest is CollateralBase {
    function test_unmatchedItemsHaveNothingToRecheck() public {
        _take(1, supplier, 1_000_000);
        vm.expectRevert(abi.encodeWithSelector(IMatchedCollateral.ItemUnmatched.selector, ITEM));
        invoices.recheck(ITEM);
    }

    function test_aMatchBeforeThePledgeCapsIt() public {
        _match(600, 1000);
        _take(1, supplier, 1_000_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        assertEq(_base(1), 360_000);
        assertEq(invoices.valueOf(_id(1)), 1_000_000, "as much is owed all the same");
        matching.cap(1000, 1000);
        assertEq(_base(1), 600_000, "and it follows what is attested");
        matching.cap(0, 1000);
        assertEq(_base(1), 0, "nothing while a fact is in dispute");
    }

    function test_aLaterMatchCapsOnceItIsRechecked() public {
        _take(1, supplier, 1_000_000);
        _take(2, supplier, 500_000);
        _fact(Milestones.DEPARTED, 1, QUANTITY);
        (uint256 first, uint256 second) = (_base(1), _base(2));
        _match(500, 1000);
        assertEq(_base(1), first);
        vm.expectEmit(address(invoices));
        emit IMatchedCollateral.ItemMatched(ITEM, 2);
        invoices.recheck(ITEM);
        assertApproxEqAbs(_base(1), first / 2, 1);
        assertApproxEqAbs(_base(2), second / 2, 1);
        _take(3, supplier, 100_000);
        assertApproxEqAbs(_base(3), 30_000, 1, "a new pledge beside them too");
    }

    /// @dev What was received is not held against it twice: the lesser of what the step measures and what the match says.
    function test_measuredStepsAndTheMatchAreNotMultiplied() public {
        _match(900, 1000);
        _take(1, supplier, 1_000_000);
        _fact(Milestones.RECEIVED, 1, QUANTITY * 9 / 10);
        assertEq(_base(1), 720_000);
        matching.cap(800, 1000);
        assertEq(_base(1), 640_000);
    }

    function testFuzz_aMatchOnlyLowersTheBase(uint256 least, uint256 invoiced, uint256 received, bool shared) public {
        invoiced = bound(invoiced, 1, type(uint48).max);
        least = bound(least, 0, invoiced);
        _take(1, supplier, 1_000_000);
        if (shared) _take(2, supplier, 100_000);
        _fact(Milestones.RECEIVED, 1, uint64(bound(received, 1, QUANTITY * 2)));
        uint256 before = _base(1);
        _match(least, invoiced);
        invoices.recheck(ITEM);
        uint256 base = _base(1);
        assertLe(base, before);
        assertLe(base, 1_000_000 * least * 8000 / invoiced / 10_000);
        if (least == invoiced) assertEq(base, before);
    }

    function _match(uint256 least, uint256 invoiced) private {
        matching.link(ReceivableId.wrap(ITEM), OrderId.wrap(7));
        matching.cap(least, invoiced);
    }
}
