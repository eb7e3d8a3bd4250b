// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LotIntake} from "../../../contracts/inventory/LotIntake.sol";
import {LotReleases} from "../../../contracts/inventory/LotReleases.sol";
import {WarehouseReceiptToken} from "../../../contracts/inventory/WarehouseReceiptToken.sol";
import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {ILots} from "../../../contracts/inventory/interfaces/ILots.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {Milestones} from "../../../contracts/types/Milestones.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";
import {StockKeeper} from "../support/StockKeeper.sol";

/// @title Acme's 1,000 kilograms of coffee in Ember's warehouse in Hamburg, two pallets, attested by Ember and Fathom.
/// Borealis buys; `keeper` is a listed custodian.
abstract contract InventoryBase is Network {
    LotId internal constant LOT = LotId.wrap(uint256(keccak256("Ember 4711")));
    LotId internal constant SECOND = LotId.wrap(uint256(keccak256("Ember 4712")));
    uint256 internal constant STORED = 1_000_000;
    bytes8 internal constant COFFEE = "09011100";
    bytes32 internal constant PALLET = keccak256("sscc 1");
    bytes32 internal constant PALLET_TWO = keccak256("sscc 2");

    WarehouseReceiptToken internal lots;
    StockKeeper internal keeper;
    StockKeeper internal rival;
    Party internal harbour;

    function setUp() public virtual override {
        super.setUp();
        harbour = _admit("HARBOURSTORE", Roles.WAREHOUSE);
        lots = _newLots();
        _allow(lots.listCustodian.selector, address(lots), Offices.GOVERNOR);
        _allow(lots.listGrader.selector, address(lots), Offices.GOVERNOR);
        _allow(lots.resume.selector, address(lots), Offices.GOVERNOR);
        _allow(lots.stop.selector, address(lots), Offices.GUARDIAN);
        keeper = _custodian();
        rival = _custodian();
        uint8 witnesses = uint8(Roles.WAREHOUSE | Roles.INSPECTOR);
        uint8 required = uint8(Roles.WAREHOUSE);
        oracle.setPolicy(Milestones.STORED, IMilestoneOracle.Policy(2, witnesses, required, 100, 365 days, 1 hours, 0));
        oracle.setPolicy(
            Milestones.RELEASED, IMilestoneOracle.Policy(2, witnesses, required, 100, 365 days, 1 hours, 0)
        );
        _openSubject();
        vm.startPrank(acme.account);
        lots.engageOperator(warehouse.id, true);
        lots.setApprovalForAll(address(keeper), true);
        lots.setApprovalForAll(address(rival), true);
        vm.stopPrank();
    }

    function _newLots() internal returns (WarehouseReceiptToken) {
        address intake = address(new LotIntake(registry, oracle, address(manager)));
        address releases = address(new LotReleases(registry, oracle, address(manager)));
        return new WarehouseReceiptToken(registry, oracle, intake, releases, address(manager));
    }

    function _custodian() internal returns (StockKeeper custodian) {
        custodian = new StockKeeper(lots);
        lots.listCustodian(address(custodian));
        registry.admitAccount(operator.lei, address(custodian));
    }

    // Entries

    function _entry() internal view returns (ILots.Entry memory) {
        bytes32[] memory identifiers = new bytes32[](2);
        (identifiers[0], identifiers[1]) = (PALLET, PALLET_TWO);
        return ILots.Entry({
            id: LOT,
            owner: acme.account,
            commodity: COFFEE,
            unit: "KGM",
            quantity: STORED,
            subject: SHIPMENT,
            sequence: 1,
            place: "DEHAM",
            enteredAt: uint40(block.timestamp - 1 hours),
            expiryDate: uint16(START / 1 days + 300),
            identifiers: identifiers
        });
    }

    /// @return entry as Acme's first, with another number, sequence and pallets
    function _secondEntry() internal view returns (ILots.Entry memory entry) {
        entry = _entry();
        (entry.id, entry.sequence) = (SECOND, 2);
        (entry.identifiers[0], entry.identifiers[1]) = (keccak256("sscc 3"), keccak256("sscc 4"));
    }

    function _announce(ILots.Entry memory entry) internal {
        vm.prank(warehouse.account);
        lots.announce(entry);
    }

    function _store(ILots.Entry memory entry) internal {
        _announce(entry);
        _attestBoth(entry.subject, Milestones.STORED, entry.sequence, uint64(entry.quantity));
        lots.mint(entry);
    }

    function _storeFirst() internal {
        _store(_entry());
    }

    // Facts

    /// @notice Ember and Fathom report the same, for their own hours.
    function _attestBoth(bytes32 subject, uint32 milestone, uint32 sequence, uint64 quantity) internal {
        _attestAt(subject, milestone, sequence, quantity, uint64(block.timestamp - 1 hours));
    }

    function _attestAt(bytes32 subject, uint32 milestone, uint32 sequence, uint64 quantity, uint64 moment) internal {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        observations[0] = IMilestoneOracle.Observation(subject, milestone, sequence, moment, quantity);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](2);
        (votes[0], votes[1]) = (_vote(warehouse, observations, 1), _vote(inspector, observations, 1));
        oracle.attest(observations, votes);
    }

    /// @notice One of them alone.
    function _attestOne(Party memory party, uint32 milestone, uint32 sequence, uint64 quantity) internal {
        IMilestoneOracle.Observation[] memory observations = new IMilestoneOracle.Observation[](1);
        uint64 moment = uint64(block.timestamp - 1 hours);
        observations[0] = IMilestoneOracle.Observation(SHIPMENT, milestone, sequence, moment, quantity);
        IMilestoneOracle.Vote[] memory votes = new IMilestoneOracle.Vote[](1);
        votes[0] = _vote(party, observations, 1);
        oracle.attest(observations, votes);
    }

    // Orders

    /// @return an order of what Acme holds itself, for Borealis to fetch
    function _order(uint256 quantity) internal view returns (IGoodsRights.ReleaseOrder memory) {
        return IGoodsRights.ReleaseOrder({
            id: LOT,
            quantity: quantity,
            beneficiary: acme.account,
            holder: acme.account,
            to: borealis.account,
            subject: SHIPMENT,
            sequence: 1,
            deadline: block.timestamp + 7 days,
            nonce: lots.nonces(acme.account)
        });
    }

    function _orderOfPledged(uint256 quantity) internal view returns (IGoodsRights.ReleaseOrder memory order) {
        order = _order(quantity);
        order.holder = address(keeper);
    }

    function _title(address to, uint256 quantity) internal view returns (IGoodsRights.TitleTransfer memory) {
        return IGoodsRights.TitleTransfer({
            id: LOT,
            from: acme.account,
            to: to,
            holder: acme.account,
            quantity: quantity,
            nonce: lots.nonces(acme.account),
            deadline: block.timestamp + 1 days
        });
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // Figures

    function _held(address account) internal view returns (uint256) {
        return lots.balanceOf(account, LotId.unwrap(LOT));
    }

    function _assertPosition(address account, uint56 free, uint56 pledged, uint56 freeAside, uint56 pledgedAside)
        internal
        view
    {
        IGoodsRights.Position memory its = lots.position(LOT, account);
        assertEq(its.free, free, "free");
        assertEq(its.pledged, pledged, "pledged");
        assertEq(its.freeAside, freeAside, "free, set aside");
        assertEq(its.pledgedAside, pledgedAside, "pledged, set aside");
    }
}
