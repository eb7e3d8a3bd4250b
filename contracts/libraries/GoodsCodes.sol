// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Letters} from "./Letters.sol";

/// @title The shape of the codes that goods are described by. Whether a code is in use is for its publisher to know.
library GoodsCodes {
    /// @return whether the code is the Harmonized System's six digits, and perhaps up to two more of a nomenclature
    /// that refines it, then nothing
    function isCommodity(bytes8 code) internal pure returns (bool) {
        for (uint256 i = 0; i < 6; ++i) {
            if (!_isDigit(code[i])) return false;
        }
        if (code[6] == 0) return code[7] == 0;
        return _isDigit(code[6]) && (code[7] == 0 || _isDigit(code[7]));
    }

    /// @return whether the code is two or three capitals or digits, as those of UN/CEFACT Recommendation 20 are
    function isUnit(bytes3 code) internal pure returns (bool) {
        return _isSign(code[0]) && _isSign(code[1]) && (code[2] == 0 || _isSign(code[2]));
    }

    /// @return whether the code is a country's two capitals and three capitals or digits, as in UN/LOCODE
    function isPlace(bytes5 code) internal pure returns (bool) {
        bool inCountry = Letters.isCapital(code[0]) && Letters.isCapital(code[1]);
        return inCountry && _isSign(code[2]) && _isSign(code[3]) && _isSign(code[4]);
    }

    function _isSign(bytes1 character) private pure returns (bool) {
        return Letters.isCapital(character) || _isDigit(character);
    }

    function _isDigit(bytes1 character) private pure returns (bool) {
        return character >= "0" && character <= "9";
    }
}
