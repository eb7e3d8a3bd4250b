// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableDisputes} from "../../../contracts/receivables/interfaces/IReceivableDisputes.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {Custodian} from "../support/Custodian.sol";
import {Network} from "../support/Network.t.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Vm} from "forge-std/Vm.sol";

contract CreditNote is Network {
    uint256 private constant ID = uint256(keccak256("Acme 2026-0815"));
    bytes32 private constant PROOF = keccak256("credit note");

    function setUp() public override {
        super.setUp();
        _registerAndAccept();
    }

    function test_by_anyone_but_the_supplier_is_refused() public {
        Party memory rival = _admit("RIVALGOODS", Roles.SUPPLIER);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotSupplierOf.selector, INVOICE, rival.id, acme.id));
        vm.prank(rival.account);
        disputes.creditNote(INVOICE, 1, PROOF);
    }

    function test_without_evidence_is_refused() public {
        _refused(1, 0, abi.encodeWithSelector(IReceivableDisputes.EvidenceMissing.selector, INVOICE));
    }

    function test_above_what_is_owed_is_refused() public {
        _pay(1);
        _refused(FACE_VALUE, PROOF, _outOfRange(FACE_VALUE, FACE_VALUE - 1));
        _refused(0, PROOF, _outOfRange(0, FACE_VALUE - 1));
    }

    function test_on_paper_that_is_not_accepted_is_refused() public {
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.id = ReceivableId.wrap(2);
        vm.startPrank(acme.account);
        receivables.register(terms);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector,
                terms.id,
                IReceivableToken.State.Registered,
                IReceivableToken.State.Accepted
            )
        );
        disputes.creditNote(terms.id, 1, PROOF);
    }

    /// @dev Paper that circulates is worth what it says to whoever took it.
    function test_neither_tiers_nor_custody_absorb_on_waived_paper() public {
        vm.startPrank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE - 1000, "");
        vm.stopPrank();
        _refused(1001, PROOF, _exceedsUnits(1001, 1000));
        Custodian custodian = new Custodian(receivables);
        receivables.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
        vm.prank(acme.account);
        receivables.safeTransferFrom(acme.account, address(custodian), ID, 1000, "");
        _refused(1, PROOF, _exceedsUnits(1, 0));
    }

    function test_a_supplier_cannot_make_everybodys_claims_dear() public {
        _issue(euro, acme.account, 100);
        vm.prank(acme.account);
        euro.approve(address(receivables), 100);
        for (uint256 i = 0; i < 32; ++i) {
            vm.startPrank(acme.account);
            receivables.pay(INVOICE, 1);
            disputes.creditNote(INVOICE, 1, PROOF);
            vm.stopPrank();
        }
        assertEq(receivables.dilutionsOf(INVOICE), 32);
        _refused(1, PROOF, abi.encodeWithSelector(IReceivableDisputes.TooManyDilutions.selector, INVOICE, 32, 32));
    }

    function testFuzz_it_lowers_what_is_owed_and_settles_at_nothing(uint256 paid, uint256 amount) public {
        paid = bound(paid, 1, FACE_VALUE - 1);
        amount = bound(amount, 1, FACE_VALUE - paid);
        _pay(paid);
        vm.expectEmit(address(disputes));
        emit IReceivableDisputes.CreditNoteIssued(INVOICE, amount, PROOF);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableDiluted(INVOICE, amount, FACE_VALUE - amount);
        vm.prank(acme.account);
        disputes.creditNote(INVOICE, amount, PROOF);

        assertEq(receivables.outstanding(INVOICE), FACE_VALUE - paid - amount);
        bool settled = paid + amount == FACE_VALUE;
        assertEq(receivables.receivable(INVOICE).state == IReceivableToken.State.Settled, settled);
        vm.prank(acme.account);
        assertEq(receivables.claim(INVOICE), paid);
        assertEq(receivables.balanceOf(acme.account, ID), FACE_VALUE - paid - amount);
    }

    /// @dev Every burn is of something, also of holdings worn down to one unit by payments.
    function testFuzz_no_move_of_nothing_is_reported(uint256 own, uint256[3] memory payments, uint256[3] memory notes)
        public
    {
        address other = makeAddr("Acme's other account");
        registry.admitAccount(acme.lei, other);
        own = bound(own, 1, 3);
        vm.startPrank(acme.account);
        receivables.safeTransferFrom(acme.account, other, ID, own, "");
        receivables.safeTransferFrom(acme.account, lender.account, ID, FACE_VALUE - own - 3, "");
        vm.stopPrank();
        vm.recordLogs();
        for (uint256 i = 0; i < 3; ++i) {
            uint256 owed = receivables.outstanding(INVOICE);
            if (owed < 2) break;
            _pay(bound(payments[i], 1, owed - 1));
            uint256 most = Math.min(_kept(acme.account) + _kept(other), receivables.outstanding(INVOICE));
            if (most == 0) break;
            vm.prank(acme.account);
            disputes.creditNote(INVOICE, bound(notes[i], 1, most), PROOF);
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IERC1155.TransferSingle.selector) continue;
            (, uint256 units) = abi.decode(logs[i].data, (uint256, uint256));
            assertGt(units, 0);
        }
    }

    /// @dev A holder that has not claimed for long gets of each payment what it would have got at once: expectation
    /// from a twin that claims after every step.
    function testFuzz_dilution_changes_nobodys_share_of_earlier_payments(
        uint256 part,
        uint256[4] memory payments,
        uint256[4] memory notes
    ) public {
        part = bound(part, 1, FACE_VALUE / 4);
        vm.startPrank(acme.account);
        receivables.safeTransferFrom(acme.account, lender.account, ID, part, "");
        receivables.safeTransferFrom(acme.account, carrier.account, ID, part, "");
        vm.stopPrank();
        uint256 prompt = 0;
        for (uint256 i = 0; i < 4; ++i) {
            _pay(bound(payments[i], 1, FACE_VALUE / 10));
            (uint256 units, uint256 claimable) = receivables.position(INVOICE, acme.account);
            vm.prank(acme.account);
            disputes.creditNote(INVOICE, bound(notes[i], 1, (units - claimable) / 4), PROOF);
            vm.prank(carrier.account);
            (bool some, bytes memory got) = address(receivables).call(abi.encodeCall(receivables.claim, (INVOICE)));
            if (some) prompt += abi.decode(got, (uint256));
        }
        assertApproxEqAbs(receivables.claimable(INVOICE, lender.account), prompt, 5);
        _pay(receivables.outstanding(INVOICE));
        address[3] memory all = [acme.account, lender.account, carrier.account];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(all[i]);
            receivables.claim(INVOICE);
            assertEq(receivables.balanceOf(all[i], ID), 0);
        }
        assertEq(euro.balanceOf(lender.account), part);
        assertEq(euro.balanceOf(carrier.account), part);
        assertEq(euro.balanceOf(address(receivables)), 0);
    }

    function _kept(address holder) private view returns (uint256) {
        (uint256 units, uint256 claimable) = receivables.position(INVOICE, holder);
        return units - claimable;
    }

    function _refused(uint256 amount, bytes32 evidence, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(acme.account);
        disputes.creditNote(INVOICE, amount, evidence);
    }

    function _outOfRange(uint256 amount, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReceivableDisputes.DisputeAmountOutOfRange.selector, INVOICE, amount, most);
    }

    function _exceedsUnits(uint256 amount, uint256 units) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReceivableToken.DilutionExceedsUnits.selector, INVOICE, amount, units);
    }
}
