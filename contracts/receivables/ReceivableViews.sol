// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {ReceivableAcceptance} from "./ReceivableAcceptance.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title What the token answers.
abstract contract ReceivableViews is ReceivableAcceptance, IReceivableToken {
    /// @inheritdoc IReceivableToken
    function receivable(ReceivableId id) external view returns (Receivable memory) {
        return _recordOf(id);
    }

    /// @inheritdoc IReceivableToken
    function outstanding(ReceivableId id) external view returns (uint256) {
        (State state,,, uint256 owed,) = debtOf(id);
        return state == State.Cancelled ? 0 : owed;
    }

    /// @inheritdoc IReceivableToken
    function disputedOf(ReceivableId id) external view returns (uint256 disputed) {
        (,,,, disputed) = debtOf(id);
    }

    /// @inheritdoc IReceivableToken
    /// @dev Field by field: a copy of the record would cost a draw more than all the rest of this.
    function debtOf(ReceivableId id)
        public
        view
        returns (State state, uint256 dueDate, uint256 quantity, uint256 owed, uint256 disputed)
    {
        Receivable storage its = _receivables[id];
        (state, dueDate, quantity, owed) = (its.state, its.dueDate, its.quantity, its.faceValue - its.paid);
        // What is paid beyond the undisputed part is paid on the disputed one.
        if (state == State.Disputed || state == State.Defaulted) disputed = Math.min(_disputed[id], owed);
    }

    /// @inheritdoc IReceivableToken
    function position(ReceivableId id, address holder) external view returns (uint256 units, uint256 claimable_) {
        Holding memory its = _holdingOf(id, holder);
        return (uint256(its.units) + its.setAside, _claimable(id, its));
    }

    /// @inheritdoc IReceivableToken
    function cashOf(ReceivableId id) external view returns (ICashToken) {
        Receivable storage its = _receivables[id];
        require(its.state != State.None, ReceivableUnknown(id));
        return _cashAt[its.currency];
    }

    /// @inheritdoc IReceivableToken
    function dilutionsOf(ReceivableId id) external view returns (uint256) {
        return _formerFaceValues[id].length;
    }

    /// @inheritdoc IReceivableToken
    function disputes() external view returns (address) {
        return _disputes;
    }

    /// @inheritdoc IReceivableToken
    function acceptanceDigest(Acceptance calldata acceptance, address signer, uint256 deadline)
        external
        view
        returns (bytes32)
    {
        return _acceptanceDigest(acceptance, signer, deadline);
    }

    /// @inheritdoc IReceivableToken
    function transferDigest(Transfer calldata transfer) external view returns (bytes32) {
        return _transferDigest(transfer);
    }

    /// @inheritdoc IReceivableToken
    function cancellationDigest(ReceivableId id, address signer, uint256 deadline) external view returns (bytes32) {
        return _cancellationDigest(id, signer, deadline);
    }

    /// @inheritdoc ICirculation
    function holding(ReceivableId id, address holder) external view returns (Holding memory) {
        return _holdingOf(id, holder);
    }

    /// @inheritdoc ICirculation
    function claimable(ReceivableId id, address holder) external view returns (uint256) {
        return _claimable(id, _holdingOf(id, holder));
    }

    /// @inheritdoc ICirculation
    function circulationRules() external view returns (CirculationRules memory) {
        RulesInForce memory its = _rules;
        return CirculationRules(
            its.mostTenorDays, its.ordinaryTenorDays, its.mostTier, its.mostTransfers, its.smallestPart, its.graceDays
        );
    }

    /// @inheritdoc ICirculation
    function isStopped(Stoppable what) external view returns (bool) {
        return _rules.stopped & _bitOf(what) != 0;
    }

    /// @inheritdoc ICirculation
    function cashFor(bytes3 currency) external view returns (ICashToken) {
        return _cashAt[_indexOf(currency)];
    }

    /// @inheritdoc ICirculation
    function custodianAt(uint8 index) external view returns (address) {
        return _custodianAt[index];
    }

    // Internals

    function _claimable(ReceivableId id, Holding memory its) private view returns (uint256) {
        return _shareDown(id, _recordOf(id), its.units, its.syncedPaid) + its.setAside;
    }

    function _indexOf(bytes3 currency) internal view returns (uint8 index) {
        index = _currencyIndex[currency];
        require(index != 0, CurrencyUnlisted(currency));
    }
}
