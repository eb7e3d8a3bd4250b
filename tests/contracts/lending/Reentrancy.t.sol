// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingDesk} from "../../../contracts/lending/FinancingDesk.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FacilityId, FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title A supplier that calls back while its units are being given back: the one hook that lending runs into.
contract HookedSupplier is ERC1155Holder {
    bytes[] private attempts;
    address[] private targets;
    bytes[] public outcomes;

    function plan(address target, bytes calldata attempt) external {
        targets.push(target);
        attempts.push(attempt);
    }

    function perform(address target, bytes calldata data) external returns (bytes memory answer) {
        bool done;
        (done, answer) = target.call(data);
        require(done, string(answer));
    }

    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        for (uint256 i; i < attempts.length; ++i) {
            (bool done, bytes memory answer) = targets[i].call(attempts[i]);
            outcomes.push(done ? bytes("done") : answer);
        }
        return super.onERC1155Received(operator, from, id, value, data);
    }

    function outcomeCount() external view returns (uint256) {
        return outcomes.length;
    }
}

contract ReentrancyTest is LendingBase {
    HookedSupplier private hooked;
    FinancingId private id;

    function setUp() public override {
        super.setUp();
        hooked = new HookedSupplier();
        Party memory other = _admit("HARBOURGOODS", Roles.SUPPLIER);
        registry.admitAccount(other.lei, address(hooked));
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.supplier = address(hooked);
        FacilityId line = _openFacility(terms);
        _perform(address(receivables), abi.encodeCall(receivables.register, (_terms())));
        vm.prank(debtor);
        receivables.accept(_acceptance());
        _perform(address(oracle), abi.encodeCall(oracle.openSubject, (SHIPMENT, new bytes32[](0))));
        _perform(address(receivables), abi.encodeCall(receivables.setApprovalForAll, (address(invoices), true)));
        bytes memory opened =
            _perform(address(desk), abi.encodeCall(desk.openFinancing, (line, invoices, ITEM, FACE_VALUE, SHIPMENT)));
        id = abi.decode(opened, (FinancingId));
        _depart(SHIPMENT);
        _issue(euro, address(hooked), 1_000_000);
        _perform(address(euro), abi.encodeCall(IERC20.approve, (address(desk), type(uint256).max)));
        _perform(address(desk), abi.encodeCall(desk.repay, (id, type(uint256).max)));
    }

    function test_everyMoneyFunctionOfTheDeskIsClosedDuringTheHook() public {
        // Registration called the hook too, before anything was planned.
        assertEq(hooked.outcomeCount(), 0);
        hooked.plan(address(desk), abi.encodeCall(desk.poke, (id)));
        hooked.plan(address(desk), abi.encodeCall(desk.repay, (id, 1)));
        hooked.plan(address(desk), abi.encodeCall(desk.release, (id)));
        hooked.plan(address(desk), abi.encodeCall(desk.applyProceeds, (id, 1)));
        hooked.plan(
            address(desk),
            abi.encodeCall(desk.openFinancing, (FacilityId.wrap(2), invoices, ITEM, FACE_VALUE, SHIPMENT))
        );
        hooked.plan(address(desk), abi.encodeCall(desk.onMilestone, (SHIPMENT, 1, 20, 1)));
        hooked.plan(address(desk), abi.encodeCall(desk.repayWithPermit, (id, 1, 0, 0, 0, 0)));
        hooked.plan(address(desk), abi.encodeCall(desk.payCommitmentFee, (FacilityId.wrap(2))));
        _perform(address(desk), abi.encodeCall(desk.release, (id)));

        assertEq(hooked.outcomeCount(), 8);
        for (uint256 i; i < 8; ++i) {
            assertEq(
                hooked.outcomes(i),
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
        }
        assertEq(receivables.balanceOf(address(hooked), ITEM), FACE_VALUE);
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Released));
    }

    /// @dev What a view says during the hook is what it says afterwards: the effects come before the hook.
    function test_viewsDuringTheHookAreTrue() public {
        hooked.plan(address(this), abi.encodeCall(this.seen, ()));
        _perform(address(desk), abi.encodeCall(desk.release, (id)));
        assertEq(hooked.outcomes(0), bytes("done"));
        assertEq(during, _seen());
    }

    bytes32 private during;

    function seen() external {
        during = _seen();
    }

    function _seen() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                desk.financing(id),
                desk.financingOf(SHIPMENT),
                invoices.financingsOf(ITEM),
                desk.facility(FacilityId.wrap(2)),
                pool.books(),
                senior.totalAssets(),
                junior.convertToAssets(1e12),
                receivables.balanceOf(address(hooked), ITEM)
            )
        );
    }

    function _perform(address target, bytes memory data) private returns (bytes memory) {
        return hooked.perform(target, data);
    }
}
