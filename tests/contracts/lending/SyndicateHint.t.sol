// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {Syndicate} from "../../../contracts/lending/Syndicate.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IConcentration} from "../../../contracts/lending/interfaces/IConcentration.sol";
import {IFinancingDesk} from "../../../contracts/lending/interfaces/IFinancingDesk.sol";
import {ISyndicate} from "../../../contracts/lending/interfaces/ISyndicate.sol";
import {FacilityId, FinancingId} from "../../../contracts/types/Ids.sol";
import {Roles} from "../../../contracts/types/Roles.sol";
import {ServicingBase} from "./ServicingBase.sol";

/// @title The most that a hint has to pay for: a syndicate of eight pools, each of which caps every dimension.
/// @dev Every call is a transaction of its own, so that nothing has been looked at before.
/// forge-config: default.isolate = true
contract SyndicateHintTest is ServicingBase {
    uint256 private constant MEMBERS = 8;

    FacilityId private _line;

    function setUp() public override {
        super.setUp();
        ISyndicate.Member[] memory members = new ISyndicate.Member[](MEMBERS);
        members[0] = _member(pool);
        for (uint256 i = 1; i < MEMBERS; ++i) {
            // An organisation has thirty-two accounts at most.
            if (i == 3) operator = _admit("OPERATORB", Roles.NETWORK);
            (LendingPool its,, TrancheVault itsJunior,) = _deployPool(euro, 400, 0);
            _fundTranche(itsJunior, granite, JUNIOR_FUNDED);
            members[i] = _member(its);
        }
        Syndicate syndicate = new Syndicate(address(desk), members);
        registry.admitAccount(operator.lei, address(syndicate));
        for (uint256 i; i < MEMBERS; ++i) {
            members[i].pool.listSyndicate(address(syndicate));
        }
        desk.listPool(syndicate, true);
        IFinancingDesk.FacilityTerms memory terms = _facilityTerms();
        terms.pool = syndicate;
        _line = _openFacility(terms);
    }

    function test_factPaysASyndicateOfEight() public {
        assertGt(_principal(_financed("joint", FACE_VALUE, _line)), 0, "drawn by the fact");
    }

    function test_paymentReachesASyndicateOfEight() public {
        FinancingId joint = _financed("joint", FACE_VALUE, _line);
        vm.warp(START + 5 days);
        _payItem(_itemOf("joint"), FACE_VALUE);
        assertEq(invoices.cashOf(joint), 0, "forwarded by the payment");
        assertEq(_principal(joint), 0);
    }

    function _member(LendingPool its) private returns (ISyndicate.Member memory) {
        concentration.setDefaultCap(its, IConcentration.Dimension.Country, 1e12);
        return ISyndicate.Member(its, uint16(10_000 / MEMBERS), uint16(10_000 / MEMBERS), uint16(10_000 / MEMBERS));
    }
}
