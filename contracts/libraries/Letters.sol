// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The shape of alphabetic codes: countries (ISO 3166-1) and currencies (ISO 4217). Whether a code is in use is
/// for the office that enters it to know.
library Letters {
    function isCountry(bytes2 code) internal pure returns (bool) {
        return isCapital(code[0]) && isCapital(code[1]);
    }

    function isCurrency(bytes3 code) internal pure returns (bool) {
        return isCapital(code[0]) && isCapital(code[1]) && isCapital(code[2]);
    }

    function isCapital(bytes1 character) internal pure returns (bool) {
        return character >= "A" && character <= "Z";
    }
}
