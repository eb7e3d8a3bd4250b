// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {FinancingId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "../lending/LendingBase.sol";
import {GasRecord} from "./GasRecord.sol";

/// @title From the fact to the cash, and from the payment through the waterfall.
/// @dev Steady use: the pool has both tranches and a reserve with money in it, caps count the debtor and the seller's
/// group, what was received may be disputed for an hour. Older financings of the same supplier under the same facility
/// have been drawn and repaid; everyone has cash. The financing in question was opened earlier and has drawn nothing yet.
/// forge-config: default.isolate = true
contract FinancingGas is LendingBase, GasRecord {
    uint256 private constant SMALL = FACE_VALUE / 10;
    uint256 private constant BATCH = 10;

    function setUp() public override {
        super.setUp();
        uint8 departing = uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.WAREHOUSE);
        oracle.setPolicy(
            Milestones.DEPARTED, IMilestoneOracle.Policy(3, departing, uint8(Roles.CARRIER), 50, 90 days, 300, 0)
        );
        _issue(euro, supplier, 50_000_000);
        _issue(euro, debtor, 50_000_000);
        _issue(euro, address(reserve), 1);
        vm.prank(supplier);
        euro.approve(address(desk), type(uint256).max);
        vm.startPrank(debtor);
        euro.approve(address(receivables), type(uint256).max);
        euro.approve(address(escrow), type(uint256).max);
        vm.stopPrank();
        _tradeBefore();
    }

    /// @dev One financing that stays drawn, and one that has been repaid: the pool has fees and a share of the reserve's
    /// that nobody has taken out yet.
    function _tradeBefore() private {
        _sellAndPledge(1000);
        FinancingId repaid = _sellAndPledge(1001);
        _departed(1000, 2);
        vm.warp(START + 1 days);
        vm.startPrank(supplier);
        desk.repay(repaid, type(uint64).max);
        vm.stopPrank();
        assertEq(_owed(repaid), 0);
    }

    // Draws

    /// @dev New: the fact, and the debt of the financing.
    function test_attestToCash() public {
        FinancingId id = _sellAndPledge(1);
        _departed(1, 1);
        _record("attest with 3 signatures -> base -> draw -> cash", 205_000);
        assertGt(desk.financing(id).principal, SMALL / 2);
    }

    /// @dev New: ten facts, and the debts of ten financings.
    function test_tenAttestsToCash() public {
        for (uint256 n = 1; n <= BATCH; ++n) {
            _sellAndPledge(n);
        }
        uint256 before = euro.balanceOf(supplier);
        _departed(1, BATCH);
        _recordShare("ten of them in one attest, each", BATCH, 105_000);
        assertGt(euro.balanceOf(supplier) - before, BATCH * SMALL / 2);
    }

    // Repayments

    /// @dev Nothing new. In arrears beyond the grace days; all but the last minor unit of the reserve's share is paid, so
    /// that every step is served and no slot is cleared.
    function test_repayThroughTheFullWaterfall() public {
        FinancingId id = _drawnFinancing();
        vm.warp((DUE_DATE + GRACE_DAYS + 10) * 1 days);
        uint256 amount = _owed(id) - 1;
        assertGt(_claims(id).lateFees, 0);
        assertGt(_claims(id).reserve, 1);
        vm.prank(supplier);
        desk.repay(id, amount);
        _record("repay through the full waterfall", 135_000);
        assertEq(_owed(id), 1);
    }

    function test_repayInPart() public {
        FinancingId id = _drawnFinancing();
        vm.warp(START + 30 days);
        vm.prank(supplier);
        desk.repay(id, 100_000);
        _record("repay in part", 135_000);
    }

    /// @dev Nothing new. The second payment also brings the supplier what the pool has no claim on.
    function test_debtorPaysAFinancedInvoice() public {
        _drawnFinancing();
        vm.warp(START + 30 days);
        vm.startPrank(debtor);
        receivables.pay(_itemId(1), SMALL / 4);
        _record("debtor pays in part -> claim -> waterfall -> pool", 300_000);
        receivables.pay(_itemId(1), SMALL - SMALL / 4);
        _record("debtor pays the rest -> claim -> waterfall -> pool and supplier", 300_000);
        vm.stopPrank();
        assertEq(receivables.outstanding(_itemId(1)), 0);
    }

    // Openings

    /// @dev New: the financing, its pledge, its place among the item's pledges, and the watch on its consignment.
    function test_openAndRelease() public {
        _sell(1);
        vm.startPrank(supplier);
        FinancingId id = desk.openFinancing(facility, invoices, _item(1), SMALL, _subject(1));
        _record("open a financing on an invoice", 480_000);
        desk.release(id);
        _record("release", 200_000);
        vm.stopPrank();
    }

    /// @dev New: as before, and the first draw, on acceptance.
    function test_openOnAnOrder() public {
        FinancingId id = _openOnOrder();
        _record("open a financing on an order, with its first draw", 600_000);
        assertGt(desk.financing(id).principal, 0);
        vm.prank(debtor);
        escrow.payOrder(_orderTerms().id, 1_000_000);
        _record("buyer pays an order in part -> waterfall -> pool", 300_000);
    }

    // The trade

    function _drawnFinancing() private returns (FinancingId id) {
        id = _sellAndPledge(1);
        _departed(1, 1);
        assertGt(desk.financing(id).principal, SMALL / 2);
    }

    function _sellAndPledge(uint256 number) private returns (FinancingId) {
        _sell(number);
        return _pledge(facility, _item(number), SMALL, _subject(number));
    }

    /// @notice An invoice of 10,000.00 with its consignment.
    function _sell(uint256 number) private {
        IReceivableToken.RegisterTerms memory terms = _terms();
        (terms.id, terms.faceValue) = (_itemId(number), SMALL);
        IReceivableToken.Acceptance memory acceptance = _acceptance();
        (acceptance.id, acceptance.faceValue) = (_itemId(number), SMALL);
        vm.startPrank(supplier);
        receivables.register(terms);
        oracle.openSubject(_subject(number), new bytes32[](0));
        receivables.setApprovalForAll(address(invoices), true);
        vm.stopPrank();
        vm.prank(debtor);
        receivables.accept(acceptance);
    }

    /// @notice Three organisations sign that the consignments `first` to `first + count - 1` have departed.
    function _departed(uint256 first, uint256 count) private {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](count);
        for (uint256 n = 0; n < count; ++n) {
            observations[n] = _observation(Milestones.DEPARTED, uint64(QUANTITY));
            observations[n].subject = _subject(first + n);
        }
        uint256 all = (1 << count) - 1;
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](3);
        votes[0] = _vote(carrier, observations, all);
        votes[1] = _vote(inspector, observations, all);
        votes[2] = _vote(warehouse, observations, all);
        oracle.attest(observations, votes);
    }

    function _item(uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("invoice", number)));
    }

    function _itemId(uint256 number) private pure returns (ReceivableId) {
        return ReceivableId.wrap(_item(number));
    }

    function _subject(uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode("consignment", number));
    }
}
