// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../../../contracts/access/interfaces/IParticipantRegistry.sol";
import {ReceivableToken} from "../../../contracts/receivables/ReceivableToken.sol";
import {IReceivableToken} from "../../../contracts/receivables/interfaces/IReceivableToken.sol";
import {ReceivableId} from "../../../contracts/types/Ids.sol";
import {Network} from "../support/Network.t.sol";
import {SmartAccount} from "../support/SmartAccount.sol";

/// @dev Invariants 33 and 46: bound to chain, contract, deal, signer and deadline, and usable once.
contract AcceptBySignature is Network {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 private constant DEADLINE = START + 1 days;

    function setUp() public override {
        super.setUp();
        _register();
    }

    function test_an_expired_signature_is_refused() public {
        bytes memory signature = _sign(_acceptance(), borealis.account);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReceivableToken.SignatureExpired.selector, INVOICE, DEADLINE, DEADLINE + 1)
        );
        receivables.acceptBySignature(_acceptance(), borealis.account, DEADLINE, signature);
    }

    function test_a_longer_deadline_is_refused() public {
        _refused(_acceptance(), DEADLINE + 1, _sign(_acceptance(), borealis.account));
    }

    function test_another_waiver_than_signed_is_refused() public {
        IReceivableToken.Acceptance memory said = _acceptance();
        said.waiveSetOff = false;
        _refused(said, DEADLINE, _sign(_acceptance(), borealis.account));
    }

    function test_another_deal_than_signed_is_refused() public {
        IReceivableToken.RegisterTerms memory second = _terms();
        second.id = ReceivableId.wrap(2);
        vm.prank(acme.account);
        receivables.register(second);
        IReceivableToken.Acceptance memory said = _acceptance();
        said.id = second.id;
        _refused(said, DEADLINE, _sign(_acceptance(), borealis.account));
    }

    function test_a_signature_for_another_contract_is_refused() public {
        ReceivableToken twin = _newReceivables();
        bytes32 digest = twin.acceptanceDigest(_acceptance(), borealis.account, DEADLINE);
        _refused(_acceptance(), DEADLINE, _signDigest(borealis.key, digest));
    }

    function test_a_signature_for_another_chain_is_refused() public {
        bytes memory signature = _sign(_acceptance(), borealis.account);
        vm.chainId(block.chainid + 1);
        _refused(_acceptance(), DEADLINE, signature);
    }

    function test_somebody_elses_signature_is_refused() public {
        bytes32 digest = receivables.acceptanceDigest(_acceptance(), borealis.account, DEADLINE);
        _refused(_acceptance(), DEADLINE, _signDigest(acme.key, digest));
    }

    function test_a_signer_that_is_not_the_debtor_is_refused() public {
        bytes memory signature =
            _signDigest(carrier.key, receivables.acceptanceDigest(_acceptance(), carrier.account, DEADLINE));
        vm.expectPartialRevert(IParticipantRegistry.RoleMissing.selector);
        receivables.acceptBySignature(_acceptance(), carrier.account, DEADLINE, signature);
    }

    function test_the_mirrored_signature_is_refused() public {
        bytes32 digest = receivables.acceptanceDigest(_acceptance(), borealis.account, DEADLINE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(borealis.key, digest);
        bytes32 mirrored = bytes32(ORDER - uint256(s));
        _refused(_acceptance(), DEADLINE, abi.encodePacked(r, mirrored, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_malformed_signatures_are_refused() public {
        bytes memory good = _sign(_acceptance(), borealis.account);
        _refused(_acceptance(), DEADLINE, "");
        _refused(_acceptance(), DEADLINE, bytes.concat(good, hex"00"));
        bytes memory wrongV = bytes.concat(good);
        wrongV[64] = 0x1d;
        _refused(_acceptance(), DEADLINE, wrongV);
    }

    /// @dev A recovery that fails gives the zero address, which must never pass for a signer.
    function test_nobody_signs_for_the_zero_address() public {
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, INVOICE, address(0)));
        receivables.acceptBySignature(_acceptance(), address(0), DEADLINE, new bytes(65));
    }

    function test_a_signature_works_once() public {
        bytes memory signature = _sign(_acceptance(), borealis.account);
        receivables.acceptBySignature(_acceptance(), borealis.account, DEADLINE, signature);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceivableToken.ReceivableStateWrong.selector,
                INVOICE,
                IReceivableToken.State.Accepted,
                IReceivableToken.State.Registered
            )
        );
        receivables.acceptBySignature(_acceptance(), borealis.account, DEADLINE, signature);
    }

    /// @dev The digest is built here from the standard's text, not from the contract's helper.
    function test_anyone_relays_what_the_debtor_signed() public {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Portolan ReceivableToken"),
                keccak256("1"),
                block.chainid,
                address(receivables)
            )
        );
        bytes32 contents = keccak256(
            abi.encode(
                keccak256(
                    "Acceptance(uint256 id,uint256 faceValue,uint256 quantity,uint256 dueDate,bool waiveSetOff,address signer,uint256 deadline)"
                ),
                INVOICE,
                FACE_VALUE,
                QUANTITY,
                DUE_DATE,
                true,
                borealis.account,
                DEADLINE
            )
        );
        bytes memory signature = _signDigest(borealis.key, keccak256(abi.encodePacked(hex"1901", domain, contents)));

        vm.warp(DEADLINE);
        vm.expectEmit(address(receivables));
        emit IReceivableToken.ReceivableAccepted(INVOICE, borealis.account, true);
        vm.prank(makeAddr("relay"));
        receivables.acceptBySignature(_acceptance(), borealis.account, DEADLINE, signature);
        assertTrue(receivables.receivable(INVOICE).setOffWaived);
    }

    function test_a_smart_account_signs_by_its_own_word() public {
        SmartAccount wallet = new SmartAccount(borealis.account);
        registry.admitAccount(borealis.lei, address(wallet));
        bytes memory signature = _sign(_acceptance(), address(wallet));
        receivables.acceptBySignature(_acceptance(), address(wallet), DEADLINE, signature);
        assertTrue(receivables.receivable(INVOICE).state == IReceivableToken.State.Accepted);
    }

    function test_a_smart_account_that_does_not_say_yes_is_refused() public {
        SmartAccount wallet = new SmartAccount(borealis.account);
        registry.admitAccount(borealis.lei, address(wallet));
        bytes memory signature = _sign(_acceptance(), address(wallet));
        for (uint8 mood = 1; mood <= uint8(SmartAccount.Mood.Burning); ++mood) {
            wallet.setMood(SmartAccount.Mood(mood));
            vm.expectRevert(
                abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, INVOICE, address(wallet))
            );
            receivables.acceptBySignature{gas: 2_000_000}(_acceptance(), address(wallet), DEADLINE, signature);
        }
    }

    function _sign(IReceivableToken.Acceptance memory said, address signer) private view returns (bytes memory) {
        return _signDigest(borealis.key, receivables.acceptanceDigest(said, signer, DEADLINE));
    }

    function _signDigest(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _refused(IReceivableToken.Acceptance memory said, uint256 deadline, bytes memory signature) private {
        vm.expectRevert(abi.encodeWithSelector(IReceivableToken.SignatureInvalid.selector, said.id, borealis.account));
        receivables.acceptBySignature(said, borealis.account, deadline, signature);
    }
}
