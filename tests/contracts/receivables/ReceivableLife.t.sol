// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {Network} from "../support/Network.t.sol";

/// @dev Invariant 35: random walks against a model of the life that design.md draws.
contract ReceivableLife is Network {
    enum Step {
        Register,
        Accept,
        Cancel,
        PayOne,
        PayRest
    }

    function testFuzz_only_the_legal_steps_are_taken(uint8[16] memory walk) public {
        _issue(euro, borealis.account, FACE_VALUE);
        vm.prank(borealis.account);
        euro.approve(address(receivables), FACE_VALUE);
        IReceivableToken.State model = IReceivableToken.State.None;
        uint256 paid = 0;
        for (uint256 i = 0; i < walk.length; ++i) {
            Step step = Step(walk[i] % 5);
            bool legal = _isLegal(model, step);
            assertEq(_take(step, FACE_VALUE - paid), legal);
            if (!legal) continue;
            if (step == Step.PayOne) ++paid;
            model = _after(model, step);
            IReceivableToken.Receivable memory its = receivables.receivable(INVOICE);
            assertTrue(its.state == model);
            assertEq(its.paid, model == IReceivableToken.State.Settled ? FACE_VALUE : paid);
        }
    }

    function _isLegal(IReceivableToken.State state, Step step) private pure returns (bool) {
        if (state == IReceivableToken.State.None) return step == Step.Register;
        if (state == IReceivableToken.State.Registered) return step == Step.Accept || step == Step.Cancel;
        if (state == IReceivableToken.State.Accepted) return step == Step.PayOne || step == Step.PayRest;
        return false;
    }

    function _after(IReceivableToken.State state, Step step) private pure returns (IReceivableToken.State) {
        if (step == Step.Register) return IReceivableToken.State.Registered;
        if (step == Step.Accept) return IReceivableToken.State.Accepted;
        if (step == Step.Cancel) return IReceivableToken.State.Cancelled;
        return step == Step.PayRest ? IReceivableToken.State.Settled : state;
    }

    function _take(Step step, uint256 rest) private returns (bool done) {
        bytes memory call;
        if (step == Step.Register) call = abi.encodeCall(receivables.register, (_terms()));
        if (step == Step.Accept) call = abi.encodeCall(receivables.accept, (_acceptance()));
        if (step == Step.Cancel) call = abi.encodeCall(receivables.cancel, (INVOICE));
        if (step == Step.PayOne) call = abi.encodeCall(receivables.pay, (INVOICE, 1));
        if (step == Step.PayRest) call = abi.encodeCall(receivables.pay, (INVOICE, rest));
        bool bySupplier = step == Step.Register || step == Step.Cancel;
        vm.prank(bySupplier ? acme.account : borealis.account);
        (done,) = address(receivables).call(call);
    }
}
