// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneConsumer} from "../../../contracts/oracle/interfaces/IMilestoneConsumer.sol";
import {IMilestoneOracle} from "../../../contracts/oracle/interfaces/IMilestoneOracle.sol";
import {OracleTest} from "./OracleTest.t.sol";
import {Test} from "forge-std/Test.sol";

/// @dev Hands what it is told to the handler, and sometimes fails afterwards, which takes that back.
contract Listener is IMilestoneConsumer {
    WatchHandler private immutable _handler;
    bool private _isFailing;

    constructor(WatchHandler handler) {
        _handler = handler;
    }

    function setFailing(bool isFailing) external {
        _isFailing = isFailing;
    }

    function onMilestone(bytes32, uint64 tag, uint32, uint32) external {
        _handler.note(tag);
        require(!_isFailing, "not today");
    }
}

/// @dev Six contracts, one of them no longer listed now and then, come and go in any order; a ghost list keeps who is
/// there, by the plainest of rules.
contract WatchHandler is OracleTest {
    uint256 private constant MOST = 4;

    Listener[] public listeners;
    address[] private _ghosts;
    mapping(address listener => uint64) public tagOf;
    mapping(address listener => bool) private _isListed;
    mapping(address listener => bool) private _isFailing;
    uint64 private _tags;
    uint32 private _sequence;
    uint64[] private _told;
    bool public wasToldWrongly;
    bool public didWhatMustBeRefused;
    uint256 public facts;
    uint256 public shared;

    function start() external {
        setUp();
        for (uint256 i = 0; i < 6; ++i) {
            listeners.push(new Listener(this));
            oracle.listConsumer(address(listeners[i]), true);
            _isListed[address(listeners[i])] = true;
        }
    }

    function watch(uint256 who) external {
        address listener = address(listeners[who % 6]);
        bool may = _isListed[listener] && tagOf[listener] == 0 && _ghosts.length < MOST;
        vm.prank(listener);
        try oracle.watch(SHIPMENT, ++_tags) {
            if (!may) didWhatMustBeRefused = true;
            _ghosts.push(listener);
            tagOf[listener] = _tags;
        } catch {
            assertFalse(may, "refused");
        }
    }

    function unwatch(uint256 who) external {
        address listener = address(listeners[who % 6]);
        bool may = tagOf[listener] != 0;
        vm.prank(listener);
        try oracle.unwatch(SHIPMENT) {
            if (!may) didWhatMustBeRefused = true;
            uint256 place = 0;
            while (_ghosts[place] != listener) ++place;
            for (; place + 1 < _ghosts.length; ++place) {
                _ghosts[place] = _ghosts[place + 1];
            }
            _ghosts.pop();
            tagOf[listener] = 0;
        } catch {
            assertFalse(may, "refused");
        }
    }

    function list(uint256 who, bool listed) external {
        address listener = address(listeners[who % 6]);
        oracle.listConsumer(listener, listed);
        _isListed[listener] = listed;
    }

    function fail(uint256 who, bool failing) external {
        listeners[who % 6].setFailing(failing);
        _isFailing[address(listeners[who % 6])] = failing;
    }

    function attest() external {
        delete _told;
        IMilestoneOracle.Observation memory item = _observation(DEPARTED, 0);
        item.sequence = ++_sequence;
        _attestTogether(item, _two(carrier, inspector));
        ++facts;
        if (_ghosts.length > 1) ++shared;
        uint256 place = 0;
        for (uint256 i = 0; i < _ghosts.length; ++i) {
            if (_isFailing[_ghosts[i]]) continue;
            if (place == _told.length || _told[place++] != tagOf[_ghosts[i]]) wasToldWrongly = true;
        }
        if (place != _told.length) wasToldWrongly = true;
    }

    function note(uint64 tag) external {
        _told.push(tag);
    }

    // Views

    function ghosts() external view returns (address[] memory) {
        return _ghosts;
    }

    function subject() external view returns (IMilestoneOracle.Subject memory) {
        return oracle.subject(SHIPMENT);
    }

    function tagAtOracle(address listener) external view returns (uint64) {
        return oracle.tagOf(SHIPMENT, listener);
    }
}

/// @dev Of who is told of a subject's facts, whatever the order in which they come and go.
contract WatchInvariants is Test {
    WatchHandler private _handler;

    function setUp() public {
        _handler = new WatchHandler();
        _handler.start();
        targetContract(address(_handler));
        bytes4[] memory moves = new bytes4[](5);
        (moves[0], moves[1], moves[2]) =
        (WatchHandler.watch.selector, WatchHandler.unwatch.selector, WatchHandler.attest.selector);
        (moves[3], moves[4]) = (WatchHandler.list.selector, WatchHandler.fail.selector);
        targetSelector(FuzzSelector(address(_handler), moves));
    }

    function invariant_each_that_watches_has_its_tag_and_no_other_has_one() public view {
        for (uint256 i = 0; i < 6; ++i) {
            address listener = address(_handler.listeners(i));
            assertEq(_handler.tagAtOracle(listener), _handler.tagOf(listener));
        }
    }

    function invariant_the_first_lies_in_the_subject_and_it_says_whether_there_are_others() public view {
        address[] memory ghosts = _handler.ghosts();
        IMilestoneOracle.Subject memory its = _handler.subject();
        assertEq(its.isShared, ghosts.length > 1);
        assertEq(its.consumer, ghosts.length == 0 ? address(0) : ghosts[0]);
        assertEq(its.tag, _handler.tagOf(its.consumer));
        assertLe(ghosts.length, 4);
    }

    function invariant_all_that_watch_are_told_in_their_order() public view {
        assertFalse(_handler.wasToldWrongly());
        assertFalse(_handler.didWhatMustBeRefused());
    }

    /// @dev The handler does what the invariants are about.
    function test_the_handler_shares_a_subject() public {
        for (uint256 i = 0; i < 5; ++i) {
            _handler.watch(i);
        }
        _handler.fail(2, true);
        _handler.attest();
        _handler.unwatch(0);
        _handler.attest();
        assertEq(_handler.facts(), 2);
        assertEq(_handler.shared(), 2);
        invariant_all_that_watch_are_told_in_their_order();
        invariant_the_first_lies_in_the_subject_and_it_says_whether_there_are_others();
    }
}
