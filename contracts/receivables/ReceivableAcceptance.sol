// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceivableId} from "../types/Ids.sol";
import {ReceivableUnits} from "./ReceivableUnits.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";

/// @title The debtor's acceptance, by its own call or by its signature, and what it signs.
abstract contract ReceivableAcceptance is ReceivableUnits {
    bytes32 private constant ACCEPTANCE_TYPE = keccak256(
        "Acceptance(uint256 id,uint256 faceValue,uint256 quantity,uint256 dueDate,bool waiveSetOff,address signer,uint256 deadline)"
    );
    bytes32 private constant TRANSFER_TYPE =
        keccak256("Transfer(uint256 id,address from,address to,uint256 units,uint256 nonce,uint256 deadline)");
    bytes32 private constant CANCELLATION_TYPE = keccak256("Cancellation(uint256 id,address signer,uint256 deadline)");

    function _accept(IReceivableToken.Acceptance calldata acceptance, address by) internal {
        _requireRunning(ICirculation.Stoppable.Acceptance);
        ReceivableId id = acceptance.id;
        IReceivableToken.Receivable memory its = _recordOf(id);
        _requireState(id, its.state, IReceivableToken.State.Registered);
        _requireDebtor(id, its, by);
        _requireSameTerms(acceptance, its);
        IReceivableToken.Receivable storage stored = _receivables[id];
        stored.state = IReceivableToken.State.Accepted;
        stored.setOffWaived = acceptance.waiveSetOff;
        emit IReceivableToken.ReceivableAccepted(id, by, acceptance.waiveSetOff);
    }

    function _acceptanceDigest(IReceivableToken.Acceptance calldata acceptance, address signer, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        // The acceptance's fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE_TYPE, acceptance, signer, deadline)));
    }

    function _transferDigest(IReceivableToken.Transfer calldata transfer) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(TRANSFER_TYPE, transfer)));
    }

    function _cancellationDigest(ReceivableId id, address signer, uint256 deadline) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CANCELLATION_TYPE, id, signer, deadline)));
    }

    function _requireSameTerms(IReceivableToken.Acceptance calldata said, IReceivableToken.Receivable memory its)
        private
        pure
    {
        bool same = said.faceValue == its.faceValue && said.quantity == its.quantity && said.dueDate == its.dueDate;
        require(
            same,
            IReceivableToken.AcceptanceDiffers(
                said.id, said.faceValue, its.faceValue, said.quantity, its.quantity, said.dueDate, its.dueDate
            )
        );
    }
}
