// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ISO 17442 legal entity identifiers, as their 20 ASCII characters.
library Lei {
    /// @dev Characters before the two check digits.
    uint256 private constant BODY_LENGTH = 18;
    uint256 private constant LENGTH = 20;

    /// @return whether the characters are digits and capital letters, the last two are digits, and the check digits
    /// hold: with A = 10 … Z = 35 the whole is 1 modulo 97 (ISO 7064 mod 97-10)
    function isValid(bytes20 lei) internal pure returns (bool) {
        uint256 remainder = 0;
        for (uint256 i = 0; i < LENGTH; ++i) {
            uint8 character = uint8(lei[i]);
            if (character >= 0x30 && character <= 0x39) {
                remainder = (remainder * 10 + character - 0x30) % 97;
            } else if (character >= 0x41 && character <= 0x5A && i < BODY_LENGTH) {
                remainder = (remainder * 100 + character - 0x41 + 10) % 97;
            } else {
                return false;
            }
        }
        return remainder == 1;
    }
}
