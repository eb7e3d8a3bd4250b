// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Makes legal entity identifiers for tests: check digits the way ISO 7064 tells an issuer to compute them, over
/// the digits written out, where the contract folds characters.
library Leis {
    function make(string memory name) internal pure returns (bytes20) {
        bytes memory body = bytes("000000000000000000");
        for (uint256 i = 0; i < bytes(name).length && i < 18; ++i) {
            body[i] = bytes(name)[i];
        }
        return withCheckDigits(bytes18(body));
    }

    function withCheckDigits(bytes18 body) internal pure returns (bytes20) {
        uint256 check = 98 - remainderOf(string.concat(digitsOf(body), "00"));
        bytes2 digits = bytes2(uint16((0x30 + check / 10) << 8 | (0x30 + check % 10)));
        return bytes20(bytes.concat(body, digits));
    }

    /// @return decimal digits, letters as 10 … 35
    function digitsOf(bytes18 body) internal pure returns (string memory) {
        bytes memory digits = new bytes(0);
        for (uint256 i = 0; i < 18; ++i) {
            uint8 character = uint8(body[i]);
            if (character < 0x41) {
                digits = bytes.concat(digits, body[i]);
            } else {
                uint8 value = character - 0x41 + 10;
                digits = bytes.concat(digits, bytes1(0x30 + value / 10), bytes1(0x30 + value % 10));
            }
        }
        return string(digits);
    }

    function remainderOf(string memory digits) internal pure returns (uint256 remainder) {
        for (uint256 i = 0; i < bytes(digits).length; ++i) {
            remainder = (remainder * 10 + uint8(bytes(digits)[i]) - 0x30) % 97;
        }
    }
}
