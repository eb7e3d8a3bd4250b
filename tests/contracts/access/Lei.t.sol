// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lei} from "../../../contracts/libraries/Lei.sol";
import {Leis} from "../support/Leis.sol";
import {Test} from "forge-std/Test.sol";

contract LeiTest is Test {
    function test_a_wrong_check_digit_is_refused() public pure {
        assertFalse(Lei.isValid("506700GE1G29325QX364"));
    }

    function test_small_letters_are_refused() public pure {
        assertFalse(Lei.isValid("506700ge1G29325QX363"));
    }

    function test_letters_for_check_digits_are_refused() public pure {
        // Mod 97 alone would let it pass: the last two characters stand for 10 and 13.
        bytes18 body = "000000000000000000";
        for (uint256 i = 0; i < 10; ++i) {
            for (uint256 last = 0x41; last <= 0x5A; ++last) {
                bytes2 ending = bytes2(uint16((0x30 + i) << 8 | last));
                assertFalse(Lei.isValid(bytes20(bytes.concat(body, ending))));
            }
        }
    }

    function test_nothing_is_refused() public pure {
        assertFalse(Lei.isValid(bytes20(0)));
        assertFalse(Lei.isValid("00000000000000000000"));
    }

    function test_identifiers_in_use_are_taken() public pure {
        assertTrue(Lei.isValid("506700GE1G29325QX363"));
        assertTrue(Lei.isValid("HWUPKR0MPOU8FGXBT394"));
        assertTrue(Lei.isValid("7LTWFZYICNSX8D621K86"));
    }

    function testFuzz_exactly_the_computed_check_digits_are_taken(uint256 seed, uint8 tens, uint8 ones) public pure {
        bytes18 body = _body(seed);
        tens = uint8(bound(tens, 0, 9));
        ones = uint8(bound(ones, 0, 9));
        bytes20 tried = bytes20(bytes.concat(body, bytes1(0x30 + tens), bytes1(0x30 + ones)));

        bytes20 right = Leis.withCheckDigits(body);
        // 98 and 01 are the same modulo 97, and so on: the remainder is what the standard asks for.
        bool expected = Leis.remainderOf(
            string.concat(Leis.digitsOf(body), string(bytes.concat(bytes1(0x30 + tens), bytes1(0x30 + ones))))
        ) == 1;
        assertTrue(Lei.isValid(right));
        assertEq(Lei.isValid(tried), expected);
    }

    /// @dev A digit for a digit, a letter for a letter: that is what the check digits promise to notice.
    function testFuzz_one_wrong_character_is_noticed(uint256 seed, uint256 place, uint256 other) public pure {
        bytes20 right = Leis.withCheckDigits(_body(seed));
        place = bound(place, 0, 17);
        bytes1 wrong = _characterOf(other);
        vm.assume(wrong != right[place] && (wrong < "A") == (right[place] < "A"));

        bytes memory changed = abi.encodePacked(right);
        changed[place] = wrong;
        assertFalse(Lei.isValid(bytes20(changed)));
    }

    function _body(uint256 seed) private pure returns (bytes18) {
        bytes memory body = new bytes(18);
        for (uint256 i = 0; i < 18; ++i) {
            body[i] = _characterOf(uint256(keccak256(abi.encode(seed, i))));
        }
        return bytes18(body);
    }

    function _characterOf(uint256 seed) private pure returns (bytes1) {
        return bytes("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")[seed % 36];
    }
}
