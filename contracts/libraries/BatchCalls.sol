// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Several calls of one caller in one transaction, each with its own result.
interface IBatchCalls {
    /// @param ok whether the call went through
    /// @param data what it returned, or why it failed; cut off after `MOST_DATA` bytes
    struct Outcome {
        bool ok;
        bytes data;
    }

    /// @notice One call of a batch failed and left nothing behind; the others stand.
    /// @param index its place in the batch, from 0
    /// @param reason error data, cut off after `MOST_DATA` bytes
    event BatchItemFailed(uint256 indexed index, bytes reason);

    /// @notice The batch is empty or longer than `most`.
    error BatchSizeOutOfRange(uint256 size, uint256 most);
    /// @notice Too little gas is left to give this item what each is given: the whole batch is undone, send more.
    error BatchGasTooLow(uint256 index, uint256 left, uint256 needed);

    /// @notice Makes the caller's calls to this contract one after the other. One that fails is reported, by its outcome
    /// and by an event, and neither undoes nor hides the others. Each is given the same gas, so that whoever sends the
    /// transaction cannot choose which of them fails.
    /// @param calls encoded calls of this contract's functions, at most 64; batches do not nest
    /// @return outcomes one for each call, in order
    function batch(bytes[] calldata calls) external returns (Outcome[] memory outcomes);
}

/// @title Batches with a result per item, for contracts whose functions check `msg.sender` for themselves.
/// @dev Every item is a call of its own with all its checks: nothing is checked once for all. No function of an heir may
/// be payable.
abstract contract BatchCalls is IBatchCalls {
    uint256 internal constant MOST_ITEMS = 64;
    /// @dev Gas that each item is given: more than any function of ours needs, a hint's stipend included.
    uint256 internal constant ITEM_GAS = 2_500_000;
    /// @dev What must be left before an item: its gas after EIP-150 keeps back a 64th, and what reporting it costs. An
    /// item has less than this, which is why a batch in a batch fails.
    uint256 internal constant ITEM_NEEDED = ITEM_GAS * 64 / 63 + 50_000;
    /// @dev The longest of our errors has eight words.
    uint256 internal constant MOST_DATA = 512;

    /// @inheritdoc IBatchCalls
    function batch(bytes[] calldata calls) external returns (Outcome[] memory outcomes) {
        require(calls.length != 0 && calls.length <= MOST_ITEMS, BatchSizeOutOfRange(calls.length, MOST_ITEMS));
        outcomes = new Outcome[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 left = gasleft();
            require(left >= ITEM_NEEDED, BatchGasTooLow(i, left, ITEM_NEEDED));
            (bool ok, bytes memory data) = _callSelf(calls[i]);
            outcomes[i] = Outcome(ok, data);
            if (!ok) emit BatchItemFailed(i, data);
        }
    }

    function _callSelf(bytes memory call_) private returns (bool ok, bytes memory data) {
        uint256 allowance = ITEM_GAS;
        uint256 most = MOST_DATA;
        // Assembly because Solidity's own call copies whatever comes back, which an item could make huge.
        assembly ("memory-safe") {
            ok := delegatecall(allowance, address(), add(call_, 0x20), mload(call_), 0, 0)
            let size := returndatasize()
            if gt(size, most) { size := most }
            data := mload(0x40)
            mstore(0x40, and(add(add(data, 0x3f), size), not(0x1f)))
            mstore(data, size)
            returndatacopy(add(data, 0x20), 0, size)
        }
    }
}
