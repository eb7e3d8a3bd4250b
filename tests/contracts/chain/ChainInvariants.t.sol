// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChainChecks} from "./ChainChecks.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Test} from "forge-std/Test.sol";

/// @title Orders, goods and financings together, whatever happens between the order and the paid invoice.
contract ChainInvariants is Test {
    ChainChecks private handler;

    function setUp() public {
        handler = new ChainChecks();
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: handler.acts()}));
    }

    /// @dev One campaign for all of it, which walks long lines only once: of each lot received = released + pledged + free;
    /// goods count in one paper of one financing; every minor unit is somewhere; what is put in for an order is paid, given
    /// back or held; what pools have lent is owed; no debt loses its paper.
    function invariant_chain_goodsAndMoneyAreWhereTheBooksSay() public {
        handler.checkAll();
    }

    /// @dev At the end of each run.
    function afterInvariant() public {
        handler.checkHealth();
    }
}

/// @dev Walks by a fixed seed, so that the suite is known to reach everything: what a handler never does proves nothing.
contract ChainWalks is Test {
    uint256 private constant WALKS = 8;
    uint256 private constant STEPS = 200;

    string[] private _verbs;
    mapping(string verb => uint256) private _done;

    function test_theWalksReachTheirActs() public {
        _name();
        for (uint256 walk; walk < WALKS; ++walk) {
            ChainChecks handler = new ChainChecks();
            bytes4[] memory acts = handler.acts();
            for (uint256 step; step < STEPS; ++step) {
                uint256 seed = uint256(keccak256(abi.encode(walk, step)));
                bytes memory words = abi.encode(seed >> 8, seed >> 16, seed >> 24, seed >> 32);
                Address.functionCall(address(handler), bytes.concat(acts[seed % acts.length], words));
            }
            for (uint256 i; i < _verbs.length; ++i) {
                _done[_verbs[i]] += handler.done(_verbs[i]);
            }
        }
        for (uint256 i; i < _verbs.length; ++i) {
            emit log_named_uint(_verbs[i], _done[_verbs[i]]);
        }
        for (uint256 i; i < _verbs.length; ++i) {
            assertGt(_done[_verbs[i]], 0, _verbs[i]);
        }
    }

    function _name() private {
        string[46] memory all = [
            "draw",
            "agree",
            "fund",
            "payStraight",
            "settle",
            "refund",
            "object",
            "decide",
            "depart",
            "receiveUnmeasured",
            "receive",
            "store",
            "deliver",
            "invoice",
            "match",
            "payInvoice",
            "refuse",
            "openOnOrder",
            "openOnPurchase",
            "openOnLot",
            "handToLot",
            "lotToInvoice",
            "takeDelivery",
            "handoverRefused",
            "repay",
            "default",
            "release",
            "news",
            "add",
            "payAndRelease",
            "sell",
            "callMargin",
            "endCall",
            "orderFreeExit",
            "orderPledgedExit",
            "leave",
            "pledgeTwice",
            "takePledged",
            "drawOnNothing",
            "useEndedOrder",
            "earnTwice",
            "leaveDebt",
            "invoiceTwice",
            "leaveTwice",
            "give",
            "cashOut"
        ];
        for (uint256 i; i < all.length; ++i) {
            _verbs.push(all[i]);
        }
    }
}
