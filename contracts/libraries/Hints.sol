// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Telling another contract of something without depending on it: it may fail, burn its gas or return a flood of
/// data, and the teller goes on. Whoever sends the transaction cannot make it fail by sending too little gas.
/// Hints do not nest: the told contract cannot give a second stipend out of its own.
library Hints {
    /// @dev Gas that the told contract is given: a payment may feed several financings, each with its waterfall, and a
    /// first draw on a syndicate of eight counts at every cap of each (1,700,000).
    uint256 internal constant STIPEND = 2_000_000;
    /// @dev What the teller must have left: the stipend after EIP-150 keeps back a 64th (at least 64/63 of it), and
    /// 10,000 for the call's own cost.
    uint256 internal constant NEEDED = 2_041_747;

    /// @notice Too little gas was sent along for the told contract to act: nothing is recorded, send more.
    error GasTooLow(uint256 left, uint256 needed);

    /// @notice Calls `target` with the whole stipend or reverts with `GasTooLow`. Call it after every effect.
    /// @param message encoded call
    /// @return taken whether the call succeeded; false too where there is no code to take it
    function tell(address target, bytes memory message) internal returns (bool taken) {
        if (target.code.length == 0) return false;
        uint256 left = gasleft();
        require(left >= NEEDED, GasTooLow(left, NEEDED));
        uint256 stipend = STIPEND;
        // Assembly because Solidity's own call copies whatever comes back, which the told contract could make huge.
        assembly ("memory-safe") {
            taken := call(stipend, target, 0, add(message, 0x20), mload(message), 0, 0)
        }
    }

    /// @notice Calls `target` with what gas is left but `kept`: for who is told itself, and so has a stipend that nobody
    /// can starve. What is not taken has to be repeatable by anyone, as ever.
    /// @param message encoded call
    /// @param kept gas for what is left to do
    /// @return taken whether the call succeeded; false too where there is no code, or no gas, to take it
    function pass(address target, bytes memory message, uint256 kept) internal returns (bool taken) {
        uint256 left = gasleft();
        if (target.code.length == 0 || left <= kept) return false;
        uint256 allowance = left - kept;
        // Assembly as in `tell`.
        assembly ("memory-safe") {
            taken := call(allowance, target, 0, add(message, 0x20), mload(message), 0, 0)
        }
    }
}
