// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Money that its payee could not take when it fell due. One frozen payee holds up nobody else.
interface IParkedPayouts {
    /// @notice A payee could not take its money, which is kept here for it.
    /// @param amount minor units of the cash token
    event PayoutParked(address indexed payee, address indexed cash, uint256 amount);
    /// @notice A payee took what was kept for it.
    /// @param amount minor units of the cash token
    event ParkedClaimed(address indexed payee, address indexed cash, uint256 amount);

    /// @notice Nothing is kept here for this payee in this cash token.
    error NothingParked(address payee, address cash);

    /// @notice Takes payouts that could not be delivered when they fell due. The payee only.
    /// @param cash token that was to be paid
    /// @return amount minor units paid out now
    function claimParked(address cash) external returns (uint256 amount);

    /// @return minor units kept here for the payee
    function parked(address payee, address cash) external view returns (uint256);
    /// @return minor units kept here for all payees
    function parkedInAll(address cash) external view returns (uint256);
}

/// @title Pays, or keeps the money safe for a payee that is frozen or refused.
abstract contract ParkedPayouts is IParkedPayouts {
    using SafeERC20 for IERC20;

    mapping(address payee => mapping(address cash => uint256)) private _parked;
    /// @inheritdoc IParkedPayouts
    mapping(address cash => uint256) public parkedInAll;

    /// @inheritdoc IParkedPayouts
    /// @dev Needs no guard: the claim is gone before the money goes.
    function claimParked(address cash) external returns (uint256 amount) {
        amount = _parked[msg.sender][cash];
        require(amount != 0, NothingParked(msg.sender, cash));

        delete _parked[msg.sender][cash];
        parkedInAll[cash] -= amount;
        emit ParkedClaimed(msg.sender, cash, amount);

        IERC20(cash).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IParkedPayouts
    function parked(address payee, address cash) public view returns (uint256) {
        return _parked[payee][cash];
    }

    /// @dev Moves `amount` from `from`, by allowance, to the payee, or here where the payee cannot take it. A caller
    /// cannot force parking by starving the first attempt: the 1/64 of the gas that it leaves would not pay for parking.
    function _payOrPark(IERC20 cash, address from, address payee, uint256 amount) internal {
        if (amount == 0) return;
        try cash.transferFrom(from, payee, amount) returns (bool taken) {
            if (taken) return;
        } catch {}
        _park(cash, payee, amount);
        cash.safeTransferFrom(from, address(this), amount);
    }

    /// @dev Hands out money that is here, or keeps it where the payee cannot take it. Starving the attempt would not
    /// pay, as above.
    function _giveOrPark(IERC20 cash, address payee, uint256 amount) internal {
        if (amount == 0) return;
        try cash.transfer(payee, amount) returns (bool taken) {
            if (taken) return;
        } catch {}
        _park(cash, payee, amount);
    }

    /// @dev Books money that is here, or arrives in this call, for the payee.
    function _park(IERC20 cash, address payee, uint256 amount) internal {
        _parked[payee][address(cash)] += amount;
        parkedInAll[address(cash)] += amount;
        emit PayoutParked(payee, address(cash), amount);
    }
}
