// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CirculationPresets} from "../../../contracts/receivables/CirculationPresets.sol";
import {ICirculation} from "../../../contracts/receivables/interfaces/ICirculation.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Network} from "../support/Network.t.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @dev Invariant 59 for this module: what is stopped, and that money never is.
contract SetRules is Network {
    function test_anyone_but_the_offices_is_refused() public {
        vm.startPrank(acme.account);
        bytes memory unauthorized =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, acme.account);
        vm.expectRevert(unauthorized);
        receivables.setCirculationRules(_circulationRules());
        vm.expectRevert(unauthorized);
        receivables.stop(ICirculation.Stoppable.Transfer);
        vm.expectRevert(unauthorized);
        receivables.resume(ICirculation.Stoppable.Transfer);
        vm.expectRevert(unauthorized);
        receivables.setDisputes(address(euro));
    }

    function test_rules_that_mean_nothing_are_refused() public {
        _refused(_rules(0, 0, 3, 1, 0), abi.encodeWithSelector(ICirculation.TenorRulesOutOfRange.selector, 0, 0, 1826));
        _refused(
            _rules(365, 366, 3, 1, 0),
            abi.encodeWithSelector(ICirculation.TenorRulesOutOfRange.selector, 365, 366, 1826)
        );
        _refused(
            _rules(1827, 1, 3, 1, 0), abi.encodeWithSelector(ICirculation.TenorRulesOutOfRange.selector, 1827, 1, 1826)
        );
        _refused(_rules(365, 1, 0, 1, 0), abi.encodeWithSelector(ICirculation.PartRulesOutOfRange.selector, 0, 1));
        _refused(_rules(365, 1, 3, 0, 0), abi.encodeWithSelector(ICirculation.PartRulesOutOfRange.selector, 3, 0));
        _refused(_rules(365, 1, 3, 1, 366), abi.encodeWithSelector(ICirculation.GraceOutOfRange.selector, 366, 365));
    }

    function test_a_tenor_above_the_ordinary_needs_a_reason() public {
        receivables.setCirculationRules(_rules(90, 59, 3, 1, 0));
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.JustificationMissing.selector, INVOICE, 60, 59));
        _register();
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.justification = keccak256("seasonal goods");
        vm.expectEmit(address(receivables));
        emit IReceivableToken.LongTenorJustified(INVOICE, 60, terms.justification);
        vm.prank(acme.account);
        receivables.register(terms);
    }

    function test_a_tenor_above_the_most_is_refused_with_any_reason() public {
        receivables.setCirculationRules(_rules(59, 30, 3, 1, 0));
        IReceivableToken.RegisterTerms memory terms = _terms();
        terms.justification = keccak256("seasonal goods");
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.DueDateOutOfRange.selector, INVOICE, DUE_DATE, DUE_DATE - 60, DUE_DATE - 1
            )
        );
        vm.prank(acme.account);
        receivables.register(terms);
    }

    function test_an_ordinary_tenor_emits_no_reason() public {
        vm.recordLogs();
        _register();
        assertEq(vm.getRecordedLogs().length, 2);
    }

    function test_registration_and_acceptance_stop_and_resume() public {
        receivables.stop(ICirculation.Stoppable.Registration);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.FunctionIsStopped.selector, ICirculation.Stoppable.Registration)
        );
        _register();
        receivables.resume(ICirculation.Stoppable.Registration);
        _register();
        receivables.stop(ICirculation.Stoppable.Acceptance);
        vm.expectRevert(
            abi.encodeWithSelector(ICirculation.FunctionIsStopped.selector, ICirculation.Stoppable.Acceptance)
        );
        vm.prank(borealis.account);
        receivables.accept(_acceptance());
        receivables.resume(ICirculation.Stoppable.Acceptance);
        vm.prank(borealis.account);
        receivables.accept(_acceptance());
    }

    function test_with_everything_stopped_money_still_flows() public {
        _registerAndAccept();
        for (uint8 i = 0; i < 3; ++i) {
            receivables.stop(ICirculation.Stoppable(i));
            assertTrue(receivables.isStopped(ICirculation.Stoppable(i)));
        }
        _pay(1000);
        vm.startPrank(acme.account);
        receivables.claim(INVOICE);
        disputes.creditNote(INVOICE, 1000, "note");
        assertEq(euro.balanceOf(acme.account), 1000);
    }

    function test_rules_and_stops_do_not_touch_each_other() public {
        receivables.stop(ICirculation.Stoppable.Acceptance);
        vm.expectEmit(address(receivables));
        emit ICirculation.CirculationRulesSet(CirculationPresets.china2025());
        receivables.setCirculationRules(CirculationPresets.china2025());
        assertEq(abi.encode(receivables.circulationRules()), abi.encode(CirculationPresets.china2025()));
        assertTrue(receivables.isStopped(ICirculation.Stoppable.Acceptance));
        assertFalse(receivables.isStopped(ICirculation.Stoppable.Transfer));
        receivables.resume(ICirculation.Stoppable.Acceptance);
        assertEq(abi.encode(receivables.circulationRules()), abi.encode(CirculationPresets.china2025()));
    }

    function test_the_preset_is_a_year_at_most_and_six_months_ordinarily() public pure {
        ICirculation.CirculationRules memory rules = CirculationPresets.china2025();
        assertEq(rules.mostTenorDays, 365);
        assertEq(rules.ordinaryTenorDays, 184);
    }

    function test_the_contract_for_disputes_is_set_once() public {
        vm.expectRevert(
            abi.encodeWithSelector(IReceivableToken.DisputesInvalid.selector, address(disputes), address(euro))
        );
        receivables.setDisputes(address(euro));
    }

    function test_nobody_else_may_dilute_or_dispute() public {
        _registerAndAccept();
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotDisputes.selector, address(this)));
        receivables.dilute(INVOICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.NotDisputes.selector, address(this)));
        receivables.recordDispute(INVOICE, 1);
    }

    function _refused(ICirculation.CirculationRules memory rules, bytes memory reason) private {
        vm.expectRevert(reason);
        receivables.setCirculationRules(rules);
    }

    function _rules(uint16 most, uint16 ordinary, uint8 tier, uint56 smallest, uint16 grace)
        private
        pure
        returns (ICirculation.CirculationRules memory)
    {
        return ICirculation.CirculationRules(most, ordinary, tier, 10, smallest, grace);
    }
}
