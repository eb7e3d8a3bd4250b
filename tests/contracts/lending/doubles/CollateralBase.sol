// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ReceivableCollateral} from "../../../../contracts/lending/ReceivableCollateral.sol";
import {ICollateral} from "../../../../contracts/lending/interfaces/ICollateral.sol";
import {IConcentration} from "../../../../contracts/lending/interfaces/IConcentration.sol";
import {IConversions} from "../../../../contracts/lending/interfaces/IConversions.sol";
import {IFinancingDesk} from "../../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {IMilestoneOracle} from "../../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {IReceivableToken} from "../../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {IOrderMatch} from "../../../../contracts/settlement/interfaces/IOrderMatch.sol";
import {FacilityId, FinancingId, GroupId, OrganisationId, ReceivableId} from "../../../../contracts/types/Ids.sol";
import {Milestones} from "../../../../contracts/types/Milestones.sol";
import {CashDouble} from "./CashDouble.sol";
import {DeskDouble} from "./DeskDouble.sol";
import {MatchDouble} from "./MatchDouble.sol";
import {OracleDouble} from "./OracleDouble.sol";
import {RegistryDouble} from "./RegistryDouble.sol";
import {TokenDouble} from "./TokenDouble.sol";
import {Test} from "forge-std/Test.sol";

/// @title An adapter alone, between doubles of its neighbours: an accepted invoice of 100,000.00 for 1,000 pieces, held
/// by its supplier, a second tier and a third, and two facilities with the ladder 60 % departed, 80 % of what was
/// received.
abstract contract CollateralBase is Test {
    uint256 internal constant START = 1_777_896_000;
    uint16 internal constant DUE_DAY = uint16(START / 1 days + 60);
    uint256 internal constant FACE = 10_000_000;
    /// @dev The smallest part of it that is taken.
    uint256 internal constant LEAST = FACE / 64;
    uint256 internal constant QUANTITY = 1_000_000;
    uint256 internal constant ITEM = uint256(keccak256("invoice"));
    bytes32 internal constant GOODS = keccak256("consignment");
    FacilityId internal constant FACILITY = FacilityId.wrap(1);
    FacilityId internal constant OTHER_FACILITY = FacilityId.wrap(2);

    address internal applications = makeAddr("applications");
    address internal supplier = makeAddr("supplier");
    address internal secondTier = makeAddr("second tier");
    address internal thirdTier = makeAddr("third tier");
    address internal stranger = makeAddr("stranger");

    CashDouble internal cash;
    TokenDouble internal token;
    OracleDouble internal oracle;
    MatchDouble internal matching;
    RegistryDouble internal registry;
    DeskDouble internal desk;
    ReceivableCollateral internal invoices;

    function setUp() public virtual {
        vm.warp(START);
        cash = new CashDouble();
        token = new TokenDouble(cash);
        oracle = new OracleDouble();
        registry = new RegistryDouble();
        desk = new DeskDouble(cash);
        matching = new MatchDouble();
        invoices = _newAdapter();
        registry.setAccount(supplier, OrganisationId.wrap(1), GroupId.wrap(1));
        registry.setAccount(secondTier, OrganisationId.wrap(3), GroupId.wrap(4));
        registry.setJurisdiction(OrganisationId.wrap(2), "DE");
        desk.setLadder(invoices, FACILITY, _ladder());
        desk.setLadder(invoices, OTHER_FACILITY, _ladder());
        _setUpInvoice(ITEM);
    }

    function _newAdapter() internal returns (ReceivableCollateral) {
        return new ReceivableCollateral(
            IReceivableToken(address(token)),
            IMilestoneOracle(address(oracle)),
            IFinancingDesk(address(desk)),
            applications,
            IParticipantRegistry(address(registry)),
            IOrderMatch(address(matching)),
            // All is in one currency: nothing is ever asked of it.
            IConversions(stranger)
        );
    }

    /// @dev Half of it is the supplier's, and a quarter each the second and the third tier's.
    function _setUpInvoice(uint256 item) internal {
        token.set(
            ReceivableId.wrap(item),
            IReceivableToken.Receivable({
                faceValue: uint56(FACE),
                paid: 0,
                quantity: uint40(QUANTITY),
                dueDate: DUE_DAY,
                supplier: OrganisationId.wrap(1),
                debtor: OrganisationId.wrap(2),
                currency: 1,
                custodian: 0,
                state: IReceivableToken.State.Accepted,
                setOffWaived: true,
                transfers: 0
            })
        );
        token.give(ReceivableId.wrap(item), supplier, FACE / 2);
        token.give(ReceivableId.wrap(item), secondTier, FACE / 4);
        token.give(ReceivableId.wrap(item), thirdTier, FACE / 4);
    }

    function _ladder() internal pure returns (ICollateral.Step[] memory steps) {
        steps = new ICollateral.Step[](2);
        steps[0] = ICollateral.Step(Milestones.DEPARTED, 6000, false);
        steps[1] = ICollateral.Step(Milestones.RECEIVED, 8000, true);
    }

    // Acts

    function _take(uint64 number, address pledgor, uint256 units)
        internal
        returns (uint16 maturityDay, IConcentration.Keys memory keys)
    {
        return desk.take(invoices, _id(number), FACILITY, pledgor, ITEM, units, GOODS);
    }

    /// @notice Three financings of the invoice, in the proportion 2 to 1 to 1.
    function _takeThree() internal {
        _take(1, supplier, FACE / 2);
        _take(2, secondTier, FACE / 4);
        _take(3, thirdTier, FACE / 4);
    }

    /// @notice A payment of which so much falls to what the adapter holds.
    function _bring(uint256 amount) internal {
        token.bring(ReceivableId.wrap(ITEM), address(invoices), amount);
    }

    function _dilute(uint256 amount) internal {
        token.dilute(ReceivableId.wrap(ITEM), address(invoices), amount);
    }

    function _setState(IReceivableToken.State state, uint256 disputed) internal {
        token.setState(ReceivableId.wrap(ITEM), state, disputed);
    }

    function _fact(uint32 milestone, uint32 sequence, uint256 quantity) internal {
        oracle.set(GOODS, milestone, sequence, IMilestoneOracle.Status.Final, quantity);
    }

    function _dispute(uint32 milestone, uint32 sequence) internal {
        oracle.set(GOODS, milestone, sequence, IMilestoneOracle.Status.Disputed, 0);
    }

    function _reserve(FacilityId facility, address holder, uint256 until) internal {
        vm.prank(applications);
        invoices.reserve(facility, holder, ITEM, uint40(until));
    }

    // Reading

    function _id(uint64 number) internal pure returns (FinancingId) {
        return FinancingId.wrap(number);
    }

    function _units(uint64 number) internal view returns (uint256 units) {
        (,, units) = invoices.pledgeOf(_id(number));
    }

    function _base(uint64 number) internal view returns (uint256) {
        return invoices.borrowingBase(_id(number));
    }

    function _held() internal view returns (uint256) {
        return token.balanceOf(address(invoices), ITEM);
    }
}
