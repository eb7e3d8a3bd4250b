// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWarehouseReceiptToken} from "../../../contracts/inventory/interfaces/IWarehouseReceiptToken.sol";
import {Applications} from "../../../contracts/lending/Applications.sol";
import {Concentration} from "../../../contracts/lending/Concentration.sol";
import {Conversions} from "../../../contracts/lending/Conversions.sol";
import {DeskHandovers} from "../../../contracts/lending/DeskHandovers.sol";
import {DeskOpenings} from "../../../contracts/lending/DeskOpenings.sol";
import {DeskWorkouts} from "../../../contracts/lending/DeskWorkouts.sol";
import {FinancingDesk} from "../../../contracts/lending/FinancingDesk.sol";
import {FirstLossReserve} from "../../../contracts/lending/FirstLossReserve.sol";
import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {OrderCollateral} from "../../../contracts/lending/OrderCollateral.sol";
import {ReceivableCollateral} from "../../../contracts/lending/ReceivableCollateral.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Waterfall} from "../../../contracts/libraries/Waterfall.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {FeedOracle} from "../../../contracts/oracle/FeedOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FxQuotes} from "../../../contracts/settlement/FxQuotes.sol";
import {OrderEscrow} from "../../../contracts/settlement/OrderEscrow.sol";
import {OrderMatch} from "../../../contracts/settlement/OrderMatch.sol";
import {IOrderEscrow} from "../../../contracts/settlement/interfaces/IOrderEscrow.sol";
import {
    FacilityId,
    FinancingId,
    GroupId,
    OrderId,
    OrganisationId,
    ReceivableId
} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Orders} from "../support/Orders.sol";

/// @title The whole of lending on the network. A pool of 300,000.00 senior and 100,000.00 junior with a floor of 20 % and a
/// first-loss reserve; caps of 350,000.00 on the debtor and on the seller's group; a facility of 500,000.00 at 9 % with a
/// fee of 0.5 %, 1 % for the reserve, late fees of 5 % after 5 days of grace, recourse, revolving; the ladders nothing /
/// 60 % shipped / 80 % of what was received (invoices) and 30 / 60 / 80 % (orders). What was received may be disputed
/// for an hour. The test contract holds every office and stands in for the servicing contract.
abstract contract LendingBase is Orders {
    uint16 internal constant RATE_BPS = 900;
    uint64 internal constant LIMIT = 50_000_000;
    uint16 internal constant FEE_BPS = 50;
    uint16 internal constant LATE_FEE_BPS = 500;
    uint16 internal constant RESERVE_BPS = 100;
    uint256 internal constant CHARGES_BPS = FEE_BPS + RESERVE_BPS;
    uint8 internal constant GRACE_DAYS = 5;
    uint256 internal constant SENIOR_FUNDED = 30_000_000;
    uint256 internal constant JUNIOR_FUNDED = 10_000_000;
    uint256 internal constant FUNDED = SENIOR_FUNDED + JUNIOR_FUNDED;
    uint256 internal constant CAP = 35_000_000;
    uint32 internal constant WINDOW = 1 hours;
    uint256 internal constant DELIVER_BY = START / 1 days + 30;
    uint256 internal constant ITEM = uint256(keccak256("Acme 2026-0815"));
    uint256 internal constant ORDER = uint256(keccak256("PO-2026-0815"));
    bytes32 internal constant ORDER_SHIPMENT = keccak256("PO-2026-0815 shipment");

    FinancingDesk internal desk;
    Concentration internal concentration;
    Applications internal applications;
    FeedOracle internal feeds;
    FxQuotes internal exchange;
    Conversions internal conversions;
    ReceivableCollateral internal invoices;
    OrderCollateral internal orders;
    OrderEscrow internal escrow;
    OrderMatch internal matching;
    LendingPool internal pool;
    TrancheVault internal senior;
    TrancheVault internal junior;
    FirstLossReserve internal reserve;
    FacilityId internal facility;

    address internal supplier;
    address internal debtor;
    address internal cobalt;
    address internal granite;
    address internal treasury;
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual override {
        super.setUp();
        (supplier, debtor, cobalt, treasury) = (acme.account, borealis.account, lender.account, operator.account);
        granite = _admit("GRANITEFUND", Roles.LENDER).account;
        manager.grantRole(Offices.CREDIT_OFFICER, address(this), 0);
        manager.grantRole(Offices.GUARDIAN, address(this), 0);
        manager.grantRole(Offices.SERVICER, address(this), 0);
        _renewAll();
        _deployDesk();
        _deployCollateral();
        (pool, senior, junior, reserve) = _deployPool(euro, 400, 2000);
        _setCaps(pool, CAP);
        _setPolicies();
        facility = _openFacility(LIMIT, FEE_BPS);
        _fundTranche(junior, granite, JUNIOR_FUNDED);
        _fundTranche(senior, cobalt, SENIOR_FUNDED);
    }

    // Set-up

    function _renewAll() internal {
        for (uint24 id = 1; id <= 8; ++id) {
            registry.renewKyc(registry.organisation(OrganisationId.wrap(id)).lei, uint40(START + 20 * 365 days));
        }
    }

    /// @dev Desk and concentration know each other from their making: addresses of what comes next are computed.
    function _deployDesk() private {
        uint64 nonce = vm.getNonce(address(this));
        IConcentration counting = IConcentration(vm.computeCreateAddress(address(this), nonce + 4));
        address openings = address(new DeskOpenings(registry, oracle, counting, address(manager)));
        address workouts = address(new DeskWorkouts(registry, counting, address(manager)));
        address handovers = address(new DeskHandovers(registry, oracle, counting, address(manager)));
        desk = new FinancingDesk(registry, oracle, counting, openings, workouts, handovers, address(manager));
        concentration = new Concentration(address(desk), address(manager));
        require(address(concentration) == address(counting), "deployed out of order");
        applications = new Applications(desk, address(manager));
        registry.admitAccount(operator.lei, address(desk));
        oracle.listConsumer(address(desk), true);
        _allowDesk();
        desk.setServicing(address(this));
        desk.setApplications(address(applications));
    }

    function _allowDesk() private {
        _allow(desk.listPool.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.listCollateral.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.setServicing.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.setApplications.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.setCover.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.setPurposes.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.resume.selector, address(desk), Offices.GOVERNOR);
        _allow(desk.stop.selector, address(desk), Offices.GUARDIAN);
        _allow(desk.openFacility.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setLadder.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setLimit.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setExpiry.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(desk.setImpairment.selector, address(desk), Offices.CREDIT_OFFICER);
        _allow(concentration.setCap.selector, address(concentration), Offices.CREDIT_OFFICER);
        _allow(concentration.setDefaultCap.selector, address(concentration), Offices.CREDIT_OFFICER);
    }

    function _deployCollateral() private {
        escrow = _newEscrow(IWarehouseReceiptToken(address(0)));
        matching = _newMatch(escrow);
        _deployExchange();
        invoices =
            new ReceivableCollateral(receivables, oracle, desk, address(applications), registry, matching, conversions);
        orders = new OrderCollateral(escrow, oracle, desk, address(applications), registry);
        registry.admitAccount(operator.lei, address(invoices));
        registry.admitAccount(operator.lei, address(orders));
        _allow(applications.endReservation.selector, address(applications), Offices.CREDIT_OFFICER);
        receivables.listCustodian(address(invoices));
        escrow.listAssignee(address(orders), true);
        desk.listCollateral(invoices, true);
        desk.listCollateral(orders, true);
    }

    /// @dev Without a market: a test that exchanges opens one.
    function _deployExchange() private {
        feeds = new FeedOracle(registry, oracle, address(manager));
        exchange = new FxQuotes(registry, feeds, address(manager));
        conversions = new Conversions(desk, exchange, feeds, address(manager));
        registry.admitAccount(operator.lei, address(exchange));
        _allow(feeds.setPolicy.selector, address(feeds), Offices.GOVERNOR);
        _allow(exchange.openMarket.selector, address(exchange), Offices.GOVERNOR);
        _allow(exchange.listAgent.selector, address(exchange), Offices.GOVERNOR);
        _allow(exchange.setBand.selector, address(exchange), Offices.CREDIT_OFFICER);
        _allow(conversions.acceptCurrency.selector, address(conversions), Offices.CREDIT_OFFICER);
        exchange.listAgent(address(conversions), true);
    }

    function _deployPool(CashToken cash, uint256 seniorRateBps, uint256 floorBps)
        internal
        returns (LendingPool pool_, TrancheVault senior_, TrancheVault junior_, FirstLossReserve reserve_)
    {
        pool_ = new LendingPool(cash, address(desk), seniorRateBps, floorBps, 1 days, address(manager));
        senior_ = new TrancheVault(pool_, Tranche.Senior, registry, "Portolan senior", "pSEN");
        junior_ = new TrancheVault(pool_, Tranche.Junior, registry, "Portolan junior", "pJUN");
        reserve_ = new FirstLossReserve(pool_, registry, 100, address(manager));
        address[4] memory ours = [address(pool_), address(senior_), address(junior_), address(reserve_)];
        for (uint256 i; i < ours.length; ++i) {
            registry.admitAccount(operator.lei, ours[i]);
        }
        _allow(pool_.setTranches.selector, address(pool_), Offices.GOVERNOR);
        _allow(pool_.setReserve.selector, address(pool_), Offices.GOVERNOR);
        _allow(pool_.listSyndicate.selector, address(pool_), Offices.GOVERNOR);
        _allow(pool_.setDepositCap.selector, address(pool_), Offices.GOVERNOR);
        _allow(pool_.resume.selector, address(pool_), Offices.GOVERNOR);
        _allow(pool_.stop.selector, address(pool_), Offices.GUARDIAN);
        _allow(pool_.takeFees.selector, address(pool_), Offices.SERVICER);
        _allow(reserve_.release.selector, address(reserve_), Offices.SERVICER);
        pool_.setTranches(address(senior_), address(junior_));
        pool_.setReserve(reserve_);
        desk.listPool(pool_, true);
    }

    function _setCaps(LendingPool source, uint256 cap) internal {
        uint256 group = GroupId.unwrap(registry.membershipOf(supplier).group);
        concentration.setCap(source, IConcentration.Dimension.Debtor, OrganisationId.unwrap(borealis.id), cap);
        concentration.setCap(source, IConcentration.Dimension.SellerGroup, group, cap);
    }

    function _setPolicies() private {
        uint8 departing = uint8(Roles.CARRIER | Roles.INSPECTOR | Roles.WAREHOUSE);
        uint8 receiving = uint8(Roles.WAREHOUSE | Roles.INSPECTOR | Roles.CARRIER);
        oracle.setPolicy(
            Milestones.DEPARTED, IMilestoneOracle.Policy(2, departing, uint8(Roles.CARRIER), 50, 90 days, 300, 0)
        );
        oracle.setPolicy(
            Milestones.RECEIVED, IMilestoneOracle.Policy(2, receiving, uint8(Roles.WAREHOUSE), 50, 90 days, 300, WINDOW)
        );
    }

    /// @notice Terms that a test may change before it opens a facility with them.
    function _facilityTerms() internal view returns (IFinancingDesk.FacilityTerms memory) {
        return IFinancingDesk.FacilityTerms({
            supplier: supplier,
            pool: pool,
            limit: LIMIT,
            discountRateBps: RATE_BPS,
            dayCount: DayCount.Actual360,
            feeBps: FEE_BPS,
            lateFeeBps: LATE_FEE_BPS,
            reserveBps: RESERVE_BPS,
            committedFeeBps: 0,
            graceDays: GRACE_DAYS,
            recourse: true,
            revolving: true,
            earmarked: false,
            expiresAt: uint40(START + 365 days)
        });
    }

    function _openFacility(IFinancingDesk.FacilityTerms memory terms) internal returns (FacilityId id) {
        id = desk.openFacility(terms);
        desk.setLadder(id, invoices, _ladder(0, 6000, 8000, true));
        desk.setLadder(id, orders, _ladder(3000, 6000, 8000, true));
    }

    /// @notice A facility without a contribution to the reserve where `feeBps` is 0: what is drawn is all that is owed.
    function _openFacility(uint64 limit, uint16 feeBps) internal returns (FacilityId id) {
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        (terms.limit, terms.feeBps) = (limit, feeBps);
        if (feeBps == 0) terms.reserveBps = 0;
        return _openFacility(terms);
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
        return _termsOf(OrderId.wrap(ORDER), debtor, ORDER_SHIPMENT, FACE_VALUE, QUANTITY, DELIVER_BY);
    }

    /// @dev Opens the order's consignment, which the escrow watches from the acceptance on.
    function _registerAndAcceptOrder() internal {
        vm.startPrank(supplier);
        oracle.openSubject(ORDER_SHIPMENT, new bytes32[](0));
        vm.stopPrank();
        _registerAndAccept(_orderTerms());
    }

    function _registerAndAccept(IOrderEscrow.OrderTerms memory terms) internal {
        vm.prank(supplier);
        escrow.registerOrder(terms);
        bytes32 termsHash = escrow.termsHashOf(terms.id);
        vm.prank(debtor);
        escrow.acceptOrder(terms.id, termsHash);
    }

    function _openOnOrder() internal returns (FinancingId) {
        _registerAndAcceptOrder();
        vm.prank(supplier);
        return desk.openFinancing(facility, orders, ORDER, FACE_VALUE, ORDER_SHIPMENT);
    }

    function _payOrder(uint256 amount) internal {
        _fundAndApprove(debtor, amount, address(escrow));
        vm.prank(debtor);
        escrow.payOrder(OrderId.wrap(ORDER), amount);
    }

    // Lenders

    function _fundAndApprove(address who, uint256 amount, address spender) internal {
        _issue(euro, who, amount);
        vm.prank(who);
        euro.approve(spender, type(uint256).max);
    }

    function _fundTranche(TrancheVault vault, address who, uint256 assets) internal returns (uint256 shares) {
        _fundAndApprove(who, assets, address(vault));
        vm.prank(who);
        return vault.deposit(assets, who);
    }

    /// @notice Leaves the pool with at most so much to lend: another borrower takes the rest.
    function _leaveCash(uint256 left) internal {
        uint256 lendable = pool.lendable();
        if (lendable <= left) return;
        vm.prank(address(desk));
        pool.disburse(treasury, lendable - left, 0, DayCount.Actual360);
    }

    // Facts

    function _depart(bytes32 subject) internal {
        _fact(carrier, inspector, subject, Milestones.DEPARTED, 1, uint64(QUANTITY));
    }

    /// @notice What was received is attested, stands undisputed for its window, and moves the financing.
    function _receive(bytes32 subject, uint64 quantity) internal {
        _fact(warehouse, inspector, subject, Milestones.RECEIVED, 1, quantity);
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        FinancingId id = desk.financingOf(subject);
        if (FinancingId.unwrap(id) != 0) desk.poke(id);
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
        return desk.owedInAll(id);
    }

    function _claims(FinancingId id) internal view returns (Waterfall.Claims memory) {
        return desk.owed(id);
    }

    function _base(FinancingId id) internal view returns (uint256 base) {
        (base,) = desk.availability(id);
    }

    function _state(FinancingId id) internal view returns (IFinancingDesk.State) {
        return desk.financing(id).state;
    }

    function _drawn(FacilityId id) internal view returns (uint256) {
        return desk.facility(id).drawn;
    }

    function _custody() internal view returns (uint256) {
        return receivables.balanceOf(address(invoices), ITEM);
    }

    function _invoice() internal pure returns (ReceivableId) {
        return ReceivableId.wrap(ITEM);
    }

    /// @notice The greatest draw that fits with its charges, by trying: the expectation of a formula that divides.
    function _greatestDraw(uint256 room, uint256 chargesBps) internal pure returns (uint256 amount) {
        amount = room * 9800 / 10_000;
        while (amount + 1 + _feeUp(amount + 1, chargesBps) <= room) ++amount;
    }

    function _feeUp(uint256 amount, uint256 feeBps) internal pure returns (uint256) {
        return amount * feeBps % 10_000 == 0 ? amount * feeBps / 10_000 : amount * feeBps / 10_000 + 1;
    }
}
