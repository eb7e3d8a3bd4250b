// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Vm} from "forge-std/Vm.sol";

/// @dev Invariant 28: depth, count and size of the parts hold on every path.
contract Circulate is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    Party private _second;
    Party private _third;
    Party private _fourth;

    function setUp() public override {
        super.setUp();
        _second = _admit("SECONDTIER", Roles.SUPPLIER);
        _third = _admit("THIRDTIER", Roles.SUPPLIER);
        _fourth = _admit("FOURTHTIER", Roles.SUPPLIER);
        receivables.setCirculationRules(ICirculation.CirculationRules(365, 184, 3, 4, 1000, 10));
    }

    function test_paper_whose_debtor_kept_its_set_off_is_refused() public {
        _acceptKeeping();
        vm.expectRevert(abi.encodeWithSelector(ICirculation.SetOffKept.selector, INVOICE, _second.id, acme.id));
        _hop(acme.account, _second.account, 1000);
    }

    function test_such_paper_comes_out_of_custody_to_its_supplier_only() public {
        _acceptKeeping();
        Custodian custodian = _pledged(acme.account, FACE_VALUE);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.SetOffKept.selector, INVOICE, _second.id, acme.id));
        custodian.give(_second.account, INVOICE, FACE_VALUE);
        custodian.give(acme.account, INVOICE, FACE_VALUE);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE);
    }

    function test_beyond_the_last_tier_is_refused() public {
        _toTheThird();
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierTooDeep.selector, INVOICE, 4, 3));
        _hop(_third.account, _fourth.account, 1000);
    }

    /// @dev Neither by way of a tier above nor through custody.
    function test_no_way_round_the_tiers() public {
        _toTheThird();
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierTooDeep.selector, INVOICE, 4, 3));
        _hop(_third.account, acme.account, 1000);
        Custodian custodian = _pledged(_third.account, 5000);
        custodian.give(_fourth.account, INVOICE, 5000);
        assertEq(receivables.holding(INVOICE, _fourth.account).tier, 3);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierTooDeep.selector, INVOICE, 4, 3));
        _hop(_fourth.account, _second.account, 5000);
    }

    /// @dev However few: they would take from the supplier that its own may go on.
    function test_units_sent_up_the_chain_are_refused() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        _refusedAsRaise(_second.account, acme.account, 1, 3);
        assertEq(receivables.holding(INVOICE, acme.account).tier, 1);
        _hop(acme.account, _third.account, 1000);
        assertEq(receivables.holding(INVOICE, _third.account).tier, 2);
    }

    function test_units_sent_up_to_who_approved_another_are_refused() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        vm.prank(acme.account);
        receivables.setApprovalForAll(_third.account, true);
        _refusedAsRaise(_second.account, acme.account, 1, 3);
        vm.prank(_second.account);
        receivables.setApprovalForAll(_fourth.account, true);
        vm.expectRevert(_raiseNotAgreed(acme.account, 1, 3));
        vm.prank(_fourth.account);
        receivables.safeTransferFrom(_second.account, acme.account, ID, 1000, "");
    }

    function test_a_batch_sent_up_the_chain_is_refused() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        (uint256[] memory ids, uint256[] memory units) = (new uint256[](1), new uint256[](1));
        (ids[0], units[0]) = (ID, 1000);
        vm.expectRevert(_raiseNotAgreed(acme.account, 1, 3));
        vm.prank(_second.account);
        receivables.safeBatchTransferFrom(_second.account, acme.account, ids, units, "");
    }

    /// @dev Its own would come back out of custody at that tier.
    function test_units_sent_up_to_who_has_all_in_custody_are_refused() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        Custodian custodian = _pledged(acme.account, FACE_VALUE - 100_000);
        _refusedAsRaise(_second.account, acme.account, 1, 3);
        custodian.give(acme.account, INVOICE, FACE_VALUE - 100_000);
        _hop(acme.account, _third.account, 1000);
    }

    function test_a_receiver_that_moves_the_units_itself_agrees_to_its_tier() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        vm.prank(_second.account);
        receivables.setApprovalForAll(acme.account, true);
        vm.prank(acme.account);
        receivables.safeTransferFrom(_second.account, acme.account, ID, 1000, "");
        assertEq(receivables.holding(INVOICE, acme.account).tier, 3);
    }

    function test_a_receiver_that_approved_the_caller_agrees_to_its_tier() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        vm.prank(acme.account);
        receivables.setApprovalForAll(_second.account, true);
        _hop(_second.account, acme.account, 1000);
        assertEq(receivables.holding(INVOICE, acme.account).tier, 3);
    }

    function test_who_has_none_left_takes_units_at_their_tier() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, FACE_VALUE);
        _hop(_second.account, acme.account, 1000);
        assertEq(receivables.holding(INVOICE, acme.account).tier, 3);
    }

    function test_units_that_raise_nothing_need_no_agreement() public {
        _toTheThird();
        _hop(acme.account, _third.account, 1000);
        _hop(_second.account, _third.account, 1000);
        assertEq(receivables.holding(INVOICE, _third.account).tier, 3);
    }

    function test_more_hops_than_the_rules_allow_are_refused() public {
        _registerAndAccept();
        for (uint256 i = 0; i < 4; ++i) {
            _hop(acme.account, _second.account, 1000);
        }
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TransfersExhausted.selector, INVOICE, acme.account, 4, 4));
        _hop(acme.account, _second.account, 1000);
    }

    /// @dev Two that send parts to and fro use up what they themselves may hand on, and nobody else's.
    function test_nobody_uses_up_anothers_hops() public {
        receivables.setCirculationRules(ICirculation.CirculationRules(365, 184, 10, 4, 1000, 10));
        _registerAndAccept();
        _hop(acme.account, _second.account, 50_000);
        _hop(acme.account, _third.account, 50_000);
        for (uint256 i = 0; i < 4; ++i) {
            _hop(_second.account, _fourth.account, 1000);
        }
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.TransfersExhausted.selector, INVOICE, _second.account, 4, 4)
        );
        _hop(_second.account, _fourth.account, 1000);
        _hop(acme.account, _second.account, 1000);
        _hop(_third.account, _fourth.account, 1000);
        assertEq(receivables.holding(INVOICE, acme.account).transfers, 3);
        assertEq(receivables.holding(INVOICE, _second.account).transfers, 4);
        assertEq(receivables.holding(INVOICE, _fourth.account).transfers, 0, "who receives hands on nothing");
        assertEq(receivables.receivable(INVOICE).transfers, 8, "in all");
    }

    function test_another_account_of_the_organisation_is_no_way_to_more_hops() public {
        _registerAndAccept();
        for (uint256 i = 0; i < 4; ++i) {
            _hop(acme.account, _second.account, 1000);
        }
        address own = _otherAccount();
        _hop(acme.account, own, 1000);
        assertEq(receivables.holding(INVOICE, own).transfers, 4);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TransfersExhausted.selector, INVOICE, own, 4, 4));
        _hop(own, _second.account, 1000);
        _hop(own, acme.account, 1000);
        assertEq(receivables.holding(INVOICE, acme.account).transfers, 4);
    }

    function test_custody_gives_back_the_hops_that_were_left() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 1000);
        _pledged(acme.account, FACE_VALUE - 1000).give(acme.account, INVOICE, FACE_VALUE - 1000);
        assertEq(receivables.holding(INVOICE, acme.account).transfers, 1);
        _hop(acme.account, _second.account, 1000);
        assertEq(receivables.holding(INVOICE, acme.account).transfers, 2);
    }

    /// @dev More hops than the invoice can count neither wrap its count nor stop.
    function test_the_count_in_all_stays_at_its_greatest() public {
        receivables.setCirculationRules(ICirculation.CirculationRules(365, 184, 10, 255, 1, 10));
        _registerAndAccept();
        for (uint256 i = 0; i < 255; ++i) {
            _hop(acme.account, _second.account, 1);
        }
        _hop(_second.account, _third.account, 1);
        assertEq(receivables.receivable(INVOICE).transfers, 255);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.TransfersExhausted.selector, INVOICE, acme.account, 255, 255)
        );
        _hop(acme.account, _second.account, 1);
    }

    function test_a_part_below_the_smallest_is_refused() public {
        _registerAndAccept();
        _refusedAsSmall(999, FACE_VALUE - 999);
        _refusedAsSmall(FACE_VALUE - 999, 999);
    }

    function test_below_the_smallest_part_is_refused_inside_an_organisation_too() public {
        _registerAndAccept();
        address own = _otherAccount();
        vm.expectRevert(abi.encodeWithSelector(ICirculation.PartTooSmall.selector, INVOICE, 1, FACE_VALUE - 1, 1000));
        _hop(acme.account, own, 1);
    }

    function test_a_batch_counts_every_item() public {
        _registerAndAccept();
        uint256[] memory ids = new uint256[](5);
        uint256[] memory units = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            (ids[i], units[i]) = (ID, 1000);
        }
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TransfersExhausted.selector, INVOICE, acme.account, 4, 4));
        vm.prank(acme.account);
        receivables.safeBatchTransferFrom(acme.account, _second.account, ids, units, "");
    }

    function test_an_operator_obeys_the_same_rules() public {
        _toTheThird();
        vm.prank(_third.account);
        receivables.setApprovalForAll(_fourth.account, true);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.TierTooDeep.selector, INVOICE, 4, 3));
        vm.prank(_fourth.account);
        receivables.safeTransferFrom(_third.account, _fourth.account, ID, 1000, "");
    }

    function test_overdue_paper_does_not_circulate() public {
        _registerAndAccept();
        vm.warp((DUE_DATE + 11) * 1 days);
        receivables.markDefaulted(INVOICE);
        vm.expectRevert(_notTransferable(IReceivableToken.State.Defaulted));
        _hop(acme.account, _second.account, 1000);
        _pledged(acme.account, 1000).give(acme.account, INVOICE, 1000);
    }

    function test_disputed_paper_moves_into_and_out_of_custody_only() public {
        _acceptKeeping();
        vm.prank(borealis.account);
        disputes.openDispute(INVOICE, 1, "short");
        address own = _otherAccount();
        vm.expectRevert(_notTransferable(IReceivableToken.State.Disputed));
        _hop(acme.account, own, 1000);
        _pledged(acme.account, 1000).give(acme.account, INVOICE, 1000);
    }

    function test_when_stopped_only_custody_gives_back() public {
        _registerAndAccept();
        Custodian custodian = _pledged(acme.account, 5000);
        receivables.stop(ICirculation.Stoppable.Transfer);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.FunctionIsStopped.selector, ICirculation.Stoppable.Transfer)
        );
        _hop(acme.account, _second.account, 1000);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.FunctionIsStopped.selector, ICirculation.Stoppable.Transfer)
        );
        _hop(acme.account, address(custodian), 1000);
        custodian.give(acme.account, INVOICE, 5000);
        receivables.resume(ICirculation.Stoppable.Transfer);
        _hop(acme.account, _second.account, 1000);
    }

    function test_each_tier_is_one_further() public {
        _toTheThird();
        assertEq(receivables.holding(INVOICE, acme.account).tier, 1);
        assertEq(receivables.holding(INVOICE, _second.account).tier, 2);
        assertEq(receivables.holding(INVOICE, _third.account).tier, 3);
        assertEq(receivables.receivable(INVOICE).transfers, 2);
    }

    function test_inside_an_organisation_is_no_hop() public {
        _registerAndAccept();
        address own = _otherAccount();
        _hop(acme.account, own, 1000);
        assertEq(receivables.holding(INVOICE, own).tier, 1);
        assertEq(receivables.receivable(INVOICE).transfers, 0);
    }

    function test_custody_keeps_the_tier_and_is_no_hop() public {
        _toTheThird();
        Custodian custodian = _pledged(_second.account, 3000);
        assertEq(receivables.holding(INVOICE, address(custodian)).tier, 0);
        custodian.give(_second.account, INVOICE, 3000);
        assertEq(receivables.holding(INVOICE, _second.account).tier, 2);
        assertEq(receivables.receivable(INVOICE).transfers, 2);
    }

    function test_a_holding_below_the_smallest_part_moves_as_a_whole() public {
        _registerAndAccept();
        _hop(acme.account, _second.account, 1000);
        _pay(FACE_VALUE / 2);
        vm.prank(_second.account);
        receivables.claim(INVOICE);
        vm.expectRevert(abi.encodeWithSelector(ICirculation.PartTooSmall.selector, INVOICE, 499, 1, 1000));
        _hop(_second.account, _third.account, 499);
        _hop(_second.account, _third.account, 500);
        assertEq(receivables.balanceOf(_third.account, ID), 500);
    }

    /// @dev Tier privacy: nothing but the ERC-1155 event, and in it nobody but the two.
    function test_an_event_names_only_the_two_accounts_of_the_hop() public {
        _toTheThird();
        vm.recordLogs();
        _hop(_second.account, _third.account, 1000);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], IERC1155.TransferSingle.selector);
        assertEq(address(uint160(uint256(logs[0].topics[1]))), _second.account);
        assertEq(address(uint160(uint256(logs[0].topics[2]))), _second.account);
        assertEq(address(uint160(uint256(logs[0].topics[3]))), _third.account);
        assertEq(logs[0].data, abi.encode(ID, 1000));
    }

    function testFuzz_a_hop_obeys_the_smallest_part(uint256 units) public {
        _registerAndAccept();
        units = bound(units, 1, FACE_VALUE);
        bool fits = units == FACE_VALUE || (units >= 1000 && FACE_VALUE - units >= 1000);
        vm.prank(acme.account);
        (bool done,) = address(receivables)
            .call(abi.encodeCall(receivables.safeTransferFrom, (acme.account, _second.account, ID, units, "")));
        assertEq(done, fits);
        assertEq(receivables.balanceOf(_second.account, ID), fits ? units : 0);
    }

    function _acceptKeeping() private {
        _register();
        IReceivableToken.Acceptance memory said = _acceptance();
        said.waiveSetOff = false;
        vm.prank(borealis.account);
        receivables.accept(said);
    }

    function _toTheThird() private {
        _registerAndAccept();
        _hop(acme.account, _second.account, 100_000);
        _hop(_second.account, _third.account, 10_000);
    }

    function _hop(address from, address to, uint256 units) private {
        vm.prank(from);
        receivables.safeTransferFrom(from, to, ID, units, "");
    }

    function _pledged(address from, uint256 units) private returns (Custodian custodian) {
        custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        _hop(from, address(custodian), units);
    }

    function _otherAccount() private returns (address own) {
        own = makeAddr("Acme's other account");
        registry.admitAccount(acme.lei, own);
    }

    function _refusedAsSmall(uint256 units, uint256 left) private {
        vm.expectRevert(abi.encodeWithSelector(ICirculation.PartTooSmall.selector, INVOICE, units, left, 1000));
        _hop(acme.account, _second.account, units);
    }

    function _refusedAsRaise(address from, address to, uint256 had, uint256 raised) private {
        vm.expectRevert(_raiseNotAgreed(to, had, raised));
        _hop(from, to, 1000);
    }

    function _raiseNotAgreed(address holder, uint256 had, uint256 raised) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICirculation.TierRaiseNotAgreed.selector, INVOICE, holder, had, raised);
    }

    function _notTransferable(IReceivableToken.State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IReceivableToken.NotTransferable.selector, INVOICE, state, IReceivableToken.State.Accepted
        );
    }
}
