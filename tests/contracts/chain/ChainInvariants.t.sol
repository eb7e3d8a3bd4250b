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

    /// @dev Of each lot, by books of their own and by what was attested.
    function invariant_chain_receivedIsReleasedPledgedAndFree() public {
        handler.checkGoods();
    }

    function invariant_chain_goodsCountInOnePaperOfOneFinancing() public {
        handler.checkBackedOnce();
    }

    function invariant_chain_everyMinorUnitIsSomewhere() public {
        handler.checkMoney();
    }

    function invariant_chain_whatIsPutInIsPaidGivenBackOrHeld() public {
        handler.checkOrders();
    }

    function invariant_chain_debtsAreWhatWasDrawnAndNotPaid() public {
        handler.checkDebts();
    }

    function invariant_chain_noDebtLosesItsPaper() public {
        handler.checkCovered();
    }

    function invariant_chain_healthHolds() public {
        handler.checkHealth();
    }
}

/// @dev Walks by a fixed seed, so that the suite is known to reach everything: what a handler never does proves nothing.
contract ChainHandlerReaches is Test {
    uint256 private constant WALKS = 8;
    uint256 private constant STEPS = 200;

    string[] private _verbs;
    mapping(string verb => uint256) private _done;

    function test_theWalksReachEverything() public {
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
        string[53] memory all = [
            "draw",
            "agree",
            "fund",
            "payStraight",
            "settle",
            "refund",
            "claimRefund",
            "object",
            "decide",
            "depart",
            "receiveUnmeasured",
            "receive",
            "contradict",
            "store",
            "deliver",
            "invoice",
            "match",
            "payInvoice",
            "refuse",
            "openOnOrder",
            "openOnPurchase",
            "openOnLot",
            "openOnInvoice",
            "handToLot",
            "lotToInvoice",
            "orderToInvoice",
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
            "startSale",
            "bid",
            "orderFreeExit",
            "orderPledgedExit",
            "leave",
            "lapse",
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
