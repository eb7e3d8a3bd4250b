// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingDesk} from "../../../contracts/lending/FinancingDesk.sol";
import {OrderCollateral} from "../../../contracts/lending/OrderCollateral.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {FacilityId, FinancingId, OrderId, ReceivableId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {PoolBase} from "./PoolBase.sol";

/// @title The whole of lending on the network: a funded pool, a facility of 500,000.00 at 9 % with a fee of 0.5 %, and
/// the ladders nothing / 60 % shipped / 80 % of what was received (invoices) and 30 / 60 / 80 % (orders).
abstract contract LendingBase is PoolBase {
    uint64 internal constant LIMIT = 50_000_000;
    uint16 internal constant FEE_BPS = 50;
    uint256 internal constant FUNDED = 40_000_000;
    uint256 internal constant DELIVER_BY = START / 1 days + 30;
    uint256 internal constant ITEM = uint256(keccak256("Acme 2026-0815"));
    uint256 internal constant ORDER = uint256(keccak256("PO-2026-0815"));
    bytes32 internal constant ORDER_SHIPMENT = keccak256("PO-2026-0815 shipment");

    FinancingDesk internal desk;
    ReceivableCollateral internal invoices;
    OrderCollateral internal orders;
    OrderEscrow internal escrow;
    FacilityId internal facility;

    function setUp() public virtual override {
        super.setUp();
        _deployLending();
        _setPolicies();
        facility = _openFacility(LIMIT, FEE_BPS);
        if (FUNDED != 0) _deposit(cobalt, FUNDED);
    }

    // Set-up

    function _deployLending() private {
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        desk = new FinancingDesk(registry, oracle, address(manager));
        escrow = new OrderEscrow(registry, address(manager));
        invoices = new ReceivableCollateral(receivables, oracle, desk);
        orders = new OrderCollateral(escrow, oracle, desk);
        _deployPool(desk);
        address[4] memory ours = [address(desk), address(escrow), address(invoices), address(orders)];
        for (uint256 i; i < ours.length; ++i) {
            registry.admitAccount(operator.lei, ours[i]);
        }
        _allow(desk.listPool.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.listCollateral.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.openFacility.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setLadder.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setImpairment.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(escrow.listCurrency.selector, address(escrow), Offices.GOVERNOR);
        _allow(escrow.listAssignee.selector, address(escrow), Offices.GOVERNOR);
        desk.listPool(pool, true);
        desk.listCollateral(invoices, true);
        desk.listCollateral(orders, true);
        oracle.listConsumer(address(desk), true);
        receivables.listCustodian(address(invoices));
        escrow.listCurrency(euro);
        escrow.listAssignee(address(orders), true);
    }

    function _setPolicies() private {
        uint8 departing = uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.WAREHOUSE);
        uint8 receiving = uint8(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CARRIER);
        oracle.setPolicy(
            Milestones.DEPARTED, IMilestoneOracle.Policy(2, departing, uint8(Roles.CARRIER), 50, 90 days, 300, 0)
        );
        oracle.setPolicy(
            Milestones.RECEIVED, IMilestoneOracle.Policy(2, receiving, uint8(Roles.WAREHOUSE), 50, 90 days, 300, 0)
        );
    }

    function _openFacility(uint64 limit, uint16 feeBps) internal returns (FacilityId id) {
        id = desk.openFacility(
            IFinancingDesk.FacilityTerms(supplier, pool, limit, RATE_BPS, feeBps, uint40(START + 365 days))
        );
        desk.setLadder(id, invoices, _ladder(0, 6000, 8000, true));
        desk.setLadder(id, orders, _ladder(3000, 6000, 8000, true));
    }

    /// @param accepted advance rate on acceptance; 0 for no such step
    function _ladder(uint16 accepted, uint16 departed, uint16 received, bool measured)
        internal
        pure
        returns (ICollateral.Step[] memory steps)
    {
        uint256 first = accepted == 0 ? 0 : 1;
        steps = new ICollateral.Step[](first + 2);
        if (accepted != 0) steps[0] = ICollateral.Step(Milestones.ACCEPTED, accepted, false);
        steps[first] = ICollateral.Step(Milestones.DEPARTED, departed, false);
        steps[first + 1] = ICollateral.Step(Milestones.RECEIVED, received, measured);
    }

    // The supplier's side

    function _open() internal returns (FinancingId) {
        _registerAndAccept();
        _openSubject();
        return _pledge(facility, ITEM, FACE_VALUE, SHIPMENT);
    }

    function _pledge(FacilityId facilityId, uint256 item, uint256 units, bytes32 subject)
        internal
        returns (FinancingId)
    {
        vm.startPrank(supplier);
        receivables.setApprovalForAll(address(invoices), true);
        FinancingId id = desk.openFinancing(facilityId, invoices, item, units, subject);
        vm.stopPrank();
        return id;
    }

    function _orderTerms() internal view returns (IOrderEscrow.OrderTerms memory) {
        return IOrderEscrow.OrderTerms(OrderId.wrap(ORDER), debtor, "EUR", FACE_VALUE, QUANTITY, DELIVER_BY);
    }

    function _registerAndAcceptOrder() internal {
        vm.prank(supplier);
        escrow.registerOrder(_orderTerms());
        vm.prank(debtor);
        escrow.acceptOrder(OrderId.wrap(ORDER), FACE_VALUE, QUANTITY, DELIVER_BY);
    }

    function _openOnOrder() internal returns (FinancingId) {
        _registerAndAcceptOrder();
        vm.startPrank(supplier);
        oracle.openSubject(ORDER_SHIPMENT, new bytes32[](0));
        FinancingId id = desk.openFinancing(facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
        vm.stopPrank();
        return id;
    }

    function _payOrder(uint256 amount) internal {
        _fundAndApprove(debtor, amount, address(escrow));
        vm.prank(debtor);
        escrow.payOrder(OrderId.wrap(ORDER), amount);
    }

    // Facts

    function _depart(bytes32 subject) internal {
        _fact(carrier, inspector, subject, Milestones.DEPARTED, 1, uint64(QUANTITY));
    }

    function _receive(bytes32 subject, uint64 quantity) internal {
        _fact(warehouse, inspector, subject, Milestones.RECEIVED, 1, quantity);
    }

    /// @notice Two organisations report the same in one call.
    function _fact(
        Party memory first,
        Party memory second,
        bytes32 subject,
        uint32 milestone,
        uint32 sequence,
        uint64 quantity
    ) internal {
        (IMilestoneOracle.Observation[] memory observations, IMilestoneOracle.Vote[] memory votes) =
            _signed(first, second, subject, milestone, sequence, quantity);
        oracle.attest(observations, votes);
    }

    function _signed(
        Party memory first,
        Party memory second,
        bytes32 subject,
        uint32 milestone,
        uint32 sequence,
        uint64 quantity
    ) internal view returns (IMilestoneOracle.Observation[] memory observations, IMilestoneOracle.Vote[] memory votes) {
        observations = new IMilestoneOracle.Observation[](1);
        uint64 occurredAt = uint64(vm.getBlockTimestamp() - 1 hours);
        observations[0] = IMilestoneOracle.Observation(subject, milestone, sequence, occurredAt, quantity);
        votes = new IMilestoneOracle.Vote[](2);
        votes[0] = _vote(first, observations, 1);
        votes[1] = _vote(second, observations, 1);
    }

    // Reading

    function _owed(FinancingId id) internal view returns (uint256) {
        (uint256 fees, uint256 interest, uint256 principal) = desk.owed(id);
        return fees + interest + principal;
    }

    function _base(FinancingId id) internal view returns (uint256 base) {
        (base,) = desk.availability(id);
    }

    function _state(FinancingId id) internal view returns (IFinancingDesk.State) {
        return desk.financing(id).state;
    }

    function _custody() internal view returns (uint256) {
        return receivables.balanceOf(address(invoices), ITEM);
    }

    function _invoice() internal pure returns (ReceivableId) {
        return ReceivableId.wrap(ITEM);
    }

    /// @notice The greatest draw that fits with its fee, by trying: the expectation of a formula that divides.
    function _greatestDraw(uint256 room, uint256 feeBps) internal pure returns (uint256 amount) {
        amount = room * 9900 / 10_000;
        while (amount + 1 + _feeUp(amount + 1, feeBps) <= room) ++amount;
    }

    function _feeUp(uint256 amount, uint256 feeBps) internal pure returns (uint256) {
        return amount * feeBps % 10_000 == 0 ? amount * feeBps / 10_000 : amount * feeBps / 10_000 + 1;
    }
}
