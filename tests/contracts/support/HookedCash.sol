// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A currency that calls back in the middle of a movement, as no listed one may.
contract HookedCash {
    bytes3 public immutable currency;
    address private _called;
    bytes private _message;

    constructor(bytes3 currency_) {
        currency = currency_;
    }

    function onTransfer(address called, bytes calldata message) external {
        _called = called;
        _message = message;
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        return _callBack();
    }

    function transfer(address, uint256) external returns (bool) {
        return _callBack();
    }

    function _callBack() private returns (bool) {
        (bool done, bytes memory reason) = _called.call(_message);
        if (done) return true;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
