// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {ReceivableAcceptance} from "./ReceivableAcceptance.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";

/// @title What the token answers.
abstract contract ReceivableViews is ReceivableAcceptance, IReceivableToken {
    /// @inheritdoc IReceivableToken
    function receivable(ReceivableId id) external view returns (Receivable memory) {
        return _recordOf(id);
    }

    /// @inheritdoc IReceivableToken
    function outstanding(ReceivableId id) external view returns (uint256) {
        return _outstanding(_recordOf(id));
    }

    /// @inheritdoc IReceivableToken
    function disputedOf(ReceivableId id) external view returns (uint256) {
        return _disputedDown(id, _recordOf(id));
    }

    /// @inheritdoc IReceivableToken
    function position(ReceivableId id, address holder)
        external
        view
        returns (Receivable memory receivable_, uint256 units, uint256 claimable_, uint256 disputed)
    {
        receivable_ = _recordOf(id);
        Holding memory its = _holdingOf(id, holder);
        units = uint256(its.units) + its.setAside;
        claimable_ = _shareDown(id, receivable_, its.units, its.syncedPaid) + its.setAside;
        disputed = _disputedDown(id, receivable_);
    }

    /// @inheritdoc IReceivableToken
    function cashOf(ReceivableId id) external view returns (ICashToken) {
        require(_receivables[id].state != State.None, ReceivableUnknown(id));
        return _cashAt[_receivables[id].currency];
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
        Holding memory its = _holdingOf(id, holder);
        return _shareDown(id, _recordOf(id), its.units, its.syncedPaid) + its.setAside;
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

    function _indexOf(bytes3 currency) internal view returns (uint8 index) {
        index = _currencyIndex[currency];
        require(index != 0, CurrencyUnlisted(currency));
    }
}
