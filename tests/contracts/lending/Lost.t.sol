// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title Nothing is lent on goods that are lost, on whatever paper; what is owed can be paid.
contract LostTest is LendingBase {
    function setUp() public override {
        super.setUp();
        uint8 seeing = uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.WAREHOUSE);
        oracle.setPolicy(Milestones.LOST, IMilestoneOracle.Policy(2, seeing, 0, 50, 90 days, 300, 0));
    }

    function _lose(bytes32 subject) private {
        _fact(inspector, carrier, subject, Milestones.LOST, 1, 0);
    }

    function _loseInOneView(Party memory witness, uint64 quantity) private {
        (IMilestoneOracle.Observation[] memory its,) = _signed(witness, witness, SHIPMENT, Milestones.LOST, 1, quantity);
        IMilestoneOracle.Vote[] memory vote = new IMilestoneOracle.Vote[](1);
        vote[0] = _vote(witness, its, 1);
        oracle.attest(its, vote);
    }

    // Refusals

    function test_aLossStopsDrawsAndNoLaterFactOpensThem() public {
        FinancingId id = _open();
        _lose(SHIPMENT);
        _depart(SHIPMENT);
        assertEq(_base(id), 0);
        _receive(SHIPMENT, uint64(QUANTITY));
        assertEq(_base(id), 0);
        assertEq(desk.poke(id), 0);
        assertEq(euro.balanceOf(supplier), 0);
        assertEq(pool.books().principalOut, 0);
    }

    function test_aLossAfterADrawStopsTheNext() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 drawn = euro.balanceOf(supplier);
        assertGt(drawn, 0);
        _lose(SHIPMENT);
        assertEq(_base(id), 0);
        _receive(SHIPMENT, uint64(QUANTITY));
        assertEq(euro.balanceOf(supplier), drawn);
    }

    function test_aLossWhoseAmountIsInDisputeStopsDraws() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _loseInOneView(inspector, 1000);
        assertGt(_base(id), 0, "one organisation is no quorum");
        _loseInOneView(carrier, uint64(QUANTITY));
        assertEq(uint8(oracle.fact(SHIPMENT, Milestones.LOST, 1).status), uint8(IMilestoneOracle.Status.Disputed));
        assertEq(_base(id), 0);
    }

    /// @dev What its buyer has accepted is not what a lender lends on once the goods are gone.
    function test_aLadderOfAcceptanceAloneIsStopped() public {
        ICollateral.Step[] memory steps = new ICollateral.Step[](1);
        steps[0] = ICollateral.Step(Milestones.ACCEPTED, 5000, false);
        FacilityId its = _openFacility(_facilityTerms());
        desk.setLadder(its, invoices, steps);
        _registerAndAccept();
        _openSubject();
        _lose(SHIPMENT);
        FinancingId id = _pledge(its, ITEM, FACE_VALUE, SHIPMENT);
        assertEq(_base(id), 0);
        assertEq(euro.balanceOf(supplier), 0);
    }

    function test_anOrderWhoseGoodsAreLostLendsNothing() public {
        FinancingId id = _openOnOrder();
        assertGt(_base(id), 0);
        _lose(ORDER_SHIPMENT);
        assertEq(_base(id), 0);
        _depart(ORDER_SHIPMENT);
        assertEq(_base(id), 0);
    }

    // What stays open

    function test_aFinancingOnLostGoodsIsRepaidAndReleased() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        _lose(SHIPMENT);
        _fundAndApprove(supplier, 10_000_000, address(desk));
        vm.startPrank(supplier);
        desk.repay(id, type(uint256).max);
        desk.release(id);
        vm.stopPrank();
        assertEq(uint8(_state(id)), uint8(IFinancingDesk.State.Released));
        assertEq(receivables.balanceOf(supplier, ITEM), FACE_VALUE);
    }

    function test_anotherConsignmentStillLends() public {
        FinancingId id = _open();
        _depart(SHIPMENT);
        uint256 base = _base(id);
        _registerAndAcceptOrder();
        _lose(ORDER_SHIPMENT);
        assertEq(_base(id), base);
    }

    /// @dev Whatever has come before and comes after, in whatever measure: a loss takes all of the base.
    function testFuzz_aLossNeverRaisesAndAlwaysStops(uint64 quantity, bool departed, bool received, bool measured)
        public
    {
        FinancingId id = _open();
        if (departed) _depart(SHIPMENT);
        quantity = uint64(bound(quantity, 1, 2 * QUANTITY));
        if (received) _receive(SHIPMENT, quantity);
        uint256 before = _base(id);
        assertEq(before != 0, departed || received);
        _fact(inspector, carrier, SHIPMENT, Milestones.LOST, 1, measured ? quantity : 0);
        assertEq(_base(id), 0);
        if (!departed) _depart(SHIPMENT);
        if (!received) _receive(SHIPMENT, quantity);
        assertEq(_base(id), 0);
    }
}
