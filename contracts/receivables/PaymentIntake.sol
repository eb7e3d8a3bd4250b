// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hints} from "../libraries/Hints.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {ReceivableId} from "../types/Ids.sol";
import {ReceivableUnits} from "./ReceivableUnits.sol";
import {IProceedsReceiver} from "./interfaces/IProceedsReceiver.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Taking a payment in, and telling the custodian of it or that less is owed.
abstract contract PaymentIntake is ReceivableUnits {
    using SafeERC20 for ICashToken;

    /// @dev The custodian is told after everything is recorded and with the lock open, because it claims in its turn.
    function _pay(ReceivableId id, uint256 amount) internal returns (uint256 taken) {
        uint8 custodian;
        (taken, custodian) = _collect(id, amount);
        _tell(id, custodian);
    }

    function _tell(ReceivableId id, uint8 custodian) internal {
        if (custodian == 0) return;
        address told = _custodianAt[custodian];
        bool taken = Hints.tell(told, abi.encodeCall(IProceedsReceiver.onProceeds, (ReceivableId.unwrap(id))));
        if (!taken) emit IReceivableToken.ProceedsHintFailed(id, told);
    }

    /// @dev Locked against a cash token that would call back; the listed ones do not.
    function _collect(ReceivableId id, uint256 amount) private nonReentrant returns (uint256 taken, uint8 custodian) {
        IReceivableToken.Receivable memory its = _recordOf(id);
        require(
            _isOwed(its.state), IReceivableToken.ReceivableStateWrong(id, its.state, IReceivableToken.State.Accepted)
        );
        require(amount != 0, IReceivableToken.PaymentZero(id));
        uint256 owed = its.faceValue - its.paid;
        taken = Math.min(amount, owed);
        custodian = its.custodian;
        IReceivableToken.Receivable storage stored = _receivables[id];
        // Safe: the amount taken is at most what is outstanding of a 56-bit face value.
        stored.paid = its.paid + uint56(taken);
        if (taken == owed) stored.state = IReceivableToken.State.Settled;
        emit IReceivableToken.ReceivablePaid(id, msg.sender, taken, owed - taken);
        if (taken == owed) emit IReceivableToken.ReceivableSettled(id);
        _cashAt[its.currency].safeTransferFrom(msg.sender, address(this), taken);
    }
}
