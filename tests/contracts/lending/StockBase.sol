// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GoodsValuation} from "../../../contracts/inventory/GoodsValuation.sol";
import {LotIntake} from "../../../contracts/inventory/LotIntake.sol";
import {LotReleases} from "../../../contracts/inventory/LotReleases.sol";
import {WarehouseReceiptToken} from "../../../contracts/inventory/WarehouseReceiptToken.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "../../../contracts/inventory/interfaces/IGoodsValuation.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {InventoryChanges} from "../../../contracts/lending/InventoryChanges.sol";
import {InventoryCollateral} from "../../../contracts/lending/InventoryCollateral.sol";
import {InventorySales} from "../../../contracts/lending/InventorySales.sol";
import {ICollateral} from "../../../contracts/lending/interfaces/ICollateral.sol";
import {IInventoryCollateral} from "../../../contracts/lending/interfaces/IInventoryCollateral.sol";
import {ConditionGrades} from "../../../contracts/oracle/ConditionGrades.sol";
import {IConditionGrades} from "../../../contracts/oracle/interfaces/IConditionGrades.sol";
import {IFeedOracle} from "../../../contracts/oracle/interfaces/IFeedOracle.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {FacilityId, FinancingId, LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {LendingBase} from "./LendingBase.sol";

/// @title Lending against goods: Acme's 100,000 kilograms of coffee at 2.00 EUR in Ember's warehouse, temperature watched.
/// 10 % off in any case, by grade 0 / 5 / 15 / 30 / 60 / 100 %, 5 % after 30 days and 10 % after 90, 2 % after six hours
/// without news; nothing within 30 days of the expiry. The lender gives 70 %, calls margin above 80 %, gives a day to cure,
/// releases as much as is paid, and sells from 105 % down to 60 % of the market value within two days, a tenth of a lot at
/// least. A facility without charges on draws: at 9 % a year what is drawn is all that is owed at first.
abstract contract StockBase is LendingBase {
    LotId internal constant LOT = LotId.wrap(uint256(keccak256("Ember 4711")));
    LotId internal constant SECOND = LotId.wrap(uint256(keccak256("Ember 4712")));
    LotId internal constant OTHER = LotId.wrap(uint256(keccak256("Ember 4713")));
    bytes32 internal constant OTHER_SHIPMENT = keccak256("HAM26059999");
    uint256 internal constant KILOS = 100_000_000;
    bytes8 internal constant COFFEE = "09011100";
    bytes32 internal constant COFFEE_PRICE = keccak256("Price coffee EUR/KGM");
    bytes32 internal constant TEMPERATURE = bytes32(uint256(IFeedOracle.Kind.Temperature));
    int256 internal constant TWO_EURO = 200;
    int256 internal constant COOL = 18_000;
    uint256 internal constant MARKET = 20_000_000;
    uint256 internal constant VALUE = 18_000_000;
    uint256 internal constant BASE = 12_600_000;
    uint16 internal constant RATE = 7000;

    WarehouseReceiptToken internal lots;
    ConditionGrades internal grades;
    GoodsValuation internal valuation;
    InventoryCollateral internal stock;
    FacilityId internal line;
    address internal buyer;
    Party[] internal nodes;

    function setUp() public virtual override {
        super.setUp();
        buyer = _admit("JUNIPERTRADING", Roles.SUPPLIER).account;
        _deployGoods();
        _deployFeeds();
        _deployStock();
        _setStockPolicies();
        _setGoodsTerms();
        line = _openFacility(LIMIT, 0);
        desk.setLadder(line, stock, _stored(RATE));
        stock.setMarginTerms(line, _margin());
        _openSubject();
        vm.startPrank(supplier);
        oracle.openSubject(OTHER_SHIPMENT, new bytes32[](0));
        lots.engageOperator(warehouse.id, true);
        lots.setApprovalForAll(address(stock), true);
        lots.setPowerOfSale(address(stock), true);
        vm.stopPrank();
        _store(LOT, SHIPMENT, 1);
        _news(TWO_EURO, COOL);
    }

    // Set-up

    function _deployGoods() private {
        address intake = address(new LotIntake(registry, oracle, address(manager)));
        address releases = address(new LotReleases(registry, oracle, address(manager)));
        lots = new WarehouseReceiptToken(registry, oracle, intake, releases, address(manager));
        _allow(lots.listCustodian.selector, address(lots), Offices.GOVERNOR);
        _allow(lots.listGrader.selector, address(lots), Offices.GOVERNOR);
    }

    function _deployFeeds() private {
        grades = new ConditionGrades(registry, oracle, feeds, address(manager));
        _allow(feeds.setKeeper.selector, address(feeds), Offices.GOVERNOR);
        _allow(grades.setRules.selector, address(grades), Offices.CREDIT_OFFICER);
        _allow(grades.listEnroller.selector, address(grades), Offices.GOVERNOR);
        _allow(grades.listInspector.selector, address(grades), Offices.GOVERNOR);
        feeds.setKeeper(address(grades));
        uint32[4] memory roles = [Roles.SENSOR, Roles.INSPECTOR, Roles.CARRIER, Roles.WAREHOUSE];
        for (uint256 i = 0; i < 4; ++i) {
            nodes.push(_admit(string.concat("NODE", vm.toString(i)), roles[i]));
            registry.renewKyc(nodes[i].lei, uint40(START + 20 * 365 days));
        }
        feeds.setPolicy(
            COFFEE_PRICE, _rules(IFeedOracle.Kind.Price, 2), IFeedOracle.Terms(1, 100_000, "KGM", "EUR", 3, 2, 0)
        );
        feeds.setPolicy(
            TEMPERATURE, _rules(IFeedOracle.Kind.Temperature, 3), IFeedOracle.Terms(-60_000, 80_000, 0, 0, 0, 0, 0)
        );
    }

    function _rules(IFeedOracle.Kind kind, uint8 decimals) internal pure returns (IFeedOracle.Rules memory) {
        uint8 eligible = uint8(Roles.INSPECTOR | Roles.CARRIER | Roles.WAREHOUSE | Roles.SENSOR);
        bool priced = kind == IFeedOracle.Kind.Price || kind == IFeedOracle.Kind.Fx;
        uint32 most = priced ? 1_000_000 : 200_000;
        uint32 spread = priced ? 9999 : 2000;
        return
            IFeedOracle.Rules(kind, decimals, 3, 4, eligible, 0, 1, spread, most, 1 days, 1 hours, 1 minutes, 4 hours);
    }

    function _deployStock() private {
        valuation = new GoodsValuation(lots, feeds, grades, oracle, address(manager));
        address changes = address(new InventoryChanges(lots, valuation, desk, registry, address(manager)));
        address sales = address(new InventorySales(lots, valuation, desk, registry, address(manager)));
        stock = new InventoryCollateral(
            lots, valuation, desk, address(applications), registry, changes, sales, address(manager)
        );
        registry.admitAccount(operator.lei, address(stock));
        _allow(valuation.setTerms.selector, address(valuation), Offices.CREDIT_OFFICER);
        _allow(stock.setMarginTerms.selector, address(stock), Offices.CREDIT_OFFICER);
        lots.listCustodian(address(stock));
        grades.listEnroller(address(valuation), true);
        desk.listCollateral(stock, true);
    }

    function _setStockPolicies() private {
        uint8 witnesses = uint8(Roles.WAREHOUSE | Roles.INSPECTOR);
        uint8 required = uint8(Roles.WAREHOUSE);
        oracle.setPolicy(Milestones.STORED, IMilestoneOracle.Policy(2, witnesses, required, 100, 365 days, 1 hours, 0));
        oracle.setPolicy(
            Milestones.RELEASED, IMilestoneOracle.Policy(2, witnesses, required, 100, 365 days, 1 hours, 0)
        );
    }

    function _setGoodsTerms() private {
        IConditionGrades.Rule[] memory rules = new IConditionGrades.Rule[](2);
        rules[0] = IConditionGrades.Rule(IFeedOracle.Kind.Temperature, 5000, 30_000, 0, 0, 1);
        rules[1] = IConditionGrades.Rule(IFeedOracle.Kind.Temperature, 5000, 30_000, 10_000, 0, 3);
        grades.setRules(COFFEE, rules);
        valuation.setTerms(COFFEE, _goodsTerms());
    }

    function _goodsTerms() internal pure returns (IGoodsValuation.Terms memory terms) {
        terms.priceFeed = COFFEE_PRICE;
        terms.haircutBps = 1000;
        terms.gradeHaircutsBps = [uint16(0), 500, 1500, 3000, 6000, 10_000];
        terms.ages = new IGoodsValuation.Step[](2);
        terms.ages[0] = IGoodsValuation.Step(30, 500);
        terms.ages[1] = IGoodsValuation.Step(90, 1000);
        terms.staleness = new IGoodsValuation.Step[](1);
        terms.staleness[0] = IGoodsValuation.Step(6 hours, 200);
        terms.daysBeforeExpiry = 30;
        terms.conditions = uint8(1 << uint8(IFeedOracle.Kind.Temperature));
    }

    function _margin() internal pure returns (IInventoryCollateral.MarginTerms memory) {
        return IInventoryCollateral.MarginTerms(8000, 10_000, 10_500, 6000, 1000, 180, 1 days, 2 days);
    }

    function _stored(uint16 rateBps) internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](1);
        steps[0] = ICollateral.Step(Milestones.STORED, rateBps, false);
    }

    // Goods

    function _entry(LotId lot, bytes32 subject, uint32 sequence) internal view returns (ILots.Entry memory) {
        bytes32[] memory identifiers = new bytes32[](1);
        identifiers[0] = keccak256(abi.encode("sscc", lot));
        return ILots.Entry({
            id: lot,
            owner: supplier,
            commodity: COFFEE,
            unit: "KGM",
            quantity: KILOS,
            subject: subject,
            sequence: sequence,
            place: "DEHAM",
            enteredAt: uint40(vm.getBlockTimestamp() - 1 hours),
            expiryDate: uint16(START / 1 days + 300),
            identifiers: identifiers
        });
    }

    function _store(LotId lot, bytes32 subject, uint32 sequence) internal {
        _storeEntry(_entry(lot, subject, sequence));
    }

    function _storeEntry(ILots.Entry memory entry) internal {
        vm.prank(warehouse.account);
        lots.announce(entry);
        _fact(warehouse, inspector, entry.subject, Milestones.STORED, entry.sequence, uint64(entry.quantity));
        lots.mint(entry);
    }

    // News

    /// @dev Observed half an hour ago, so that several reports fit into one moment.
    function _feed(bytes32 policyId, bytes32 subject, int256 value) internal {
        bytes32 feed =
            subject == 0 ? policyId : feeds.conditionFeedOf(IFeedOracle.Kind(uint8(uint256(policyId))), subject);
        IFeedOracle.Latest memory last = feeds.record(feed);
        uint64 moment = uint64(vm.getBlockTimestamp() - 30 minutes);
        if (moment <= last.observedAt) moment = last.observedAt + 1;
        IFeedOracle.Report memory its =
            IFeedOracle.Report(policyId, subject, last.round + 1, new IFeedOracle.Reading[](3));
        for (uint256 i = 0; i < 3; ++i) {
            its.readings[i] = _reading(its, i, value, moment);
        }
        assertTrue(feeds.report(its), "reported");
    }

    function _reading(IFeedOracle.Report memory its, uint256 node, int256 value, uint64 moment)
        private
        view
        returns (IFeedOracle.Reading memory)
    {
        bytes32 digest = feeds.readingDigest(its.policyId, its.subject, its.round, value, moment);
        (bytes32 r, bytes32 vs) = vm.signCompact(nodes[node].key, digest);
        return IFeedOracle.Reading(nodes[node].account, value, moment, r, vs);
    }

    /// @notice Price and temperatures of now.
    function _news(int256 price, int256 temperature) internal {
        _feed(COFFEE_PRICE, 0, price);
        _feed(TEMPERATURE, SHIPMENT, temperature);
        _feed(TEMPERATURE, OTHER_SHIPMENT, temperature);
    }

    function _later(uint256 elapsed, int256 price, int256 temperature) internal {
        vm.warp(vm.getBlockTimestamp() + elapsed);
        _news(price, temperature);
    }

    // Financings

    function _openStock() internal returns (FinancingId) {
        return _openStock(LOT, KILOS, SHIPMENT);
    }

    function _openStock(LotId lot, uint256 quantity, bytes32 subject) internal returns (FinancingId) {
        vm.prank(supplier);
        return desk.openFinancing(line, stock, LotId.unwrap(lot), quantity, subject);
    }

    function _pledged(LotId lot) internal view returns (uint256) {
        return lots.position(lot, supplier).pledged;
    }

    function _free(LotId lot) internal view returns (uint256) {
        return lots.position(lot, supplier).free;
    }

    function _supplierPays(uint256 amount) internal {
        _fundAndApprove(supplier, amount, address(stock));
    }

    /// @notice Nothing of the pool's money or of anybody's stays with the adapter.
    function _assertEmptyHanded() internal view {
        assertEq(euro.balanceOf(address(stock)), 0, "the adapter keeps no money");
    }
}
