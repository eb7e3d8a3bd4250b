// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrancheVault} from "./interfaces/ITrancheVault.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Requests to redeem, by epoch and by controller. An epoch is one word, and so is a controller's request; only
/// who asks again before an older request is claimed has more.
/// A controller's part of what an epoch has been paid is its part of what was requested, rounded down, so that the
/// parts never sum to more than was set aside.
abstract contract RedemptionQueue is ITrancheVault, ERC20 {
    using Math for uint256;
    using SafeCast for uint256;

    /// @param current epoch of the requests made now
    /// @param oldest epoch that is not paid in full
    /// @param smallest shares of a request that is less than half of what its owner has, and of an epoch
    struct Epochs {
        uint32 current;
        uint32 oldest;
        uint64 smallest;
    }

    uint256 internal constant VIRTUAL_SHARES = 1_000_000;
    uint256 internal constant VIRTUAL_ASSETS = 1;
    /// @dev Epochs that one closing pays at most.
    uint256 private constant MOST_EPOCHS = 8;
    /// @dev Requests that may wait behind a controller's oldest.
    uint256 private constant MOST_LATER = 8;

    /// @dev A million minor units at the first price.
    uint256 private constant MOST_SMALLEST = 1_000_000e6;

    Epochs private _epochs = Epochs(1, 1, 0);
    mapping(uint256 id => Epoch) private _epochOf;
    mapping(address controller => Request) private _oldestOf;
    mapping(address controller => Request[MOST_LATER]) private _laterOf;

    // Views

    /// @inheritdoc ITrancheVault
    function smallestRequest() external view returns (uint256 shares) {
        return _epochs.smallest;
    }

    /// @inheritdoc ITrancheVault
    function currentEpoch() external view returns (uint256) {
        return _epochs.current;
    }

    /// @inheritdoc ITrancheVault
    function epoch(uint256 id) external view returns (Epoch memory) {
        return _epochOf[id];
    }

    /// @inheritdoc ITrancheVault
    function requestsOf(address controller) public view returns (Request[] memory requests) {
        Request memory oldest = _oldestOf[controller];
        if (_isDone(oldest)) return requests;
        requests = new Request[](oldest.later + 1);
        requests[0] = oldest;
        for (uint256 i = 1; i < requests.length; ++i) {
            requests[i] = _laterOf[controller][i - 1];
        }
    }

    /// @return shares of the request that are not yet paid
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        Request memory request = _find(requestId, controller);
        return request.shares - _partOf(request, _epochOf[requestId].processed);
    }

    /// @return shares of the request that are paid and not yet claimed
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        Request memory request = _find(requestId, controller);
        return _partOf(request, _epochOf[requestId].processed) - request.claimedShares;
    }

    // Internals: requests

    function _setSmallest(uint256 shares) internal {
        require(shares <= MOST_SMALLEST, SmallestRequestTooLarge(shares, MOST_SMALLEST));
        // Safe: below the type's greatest.
        _epochs.smallest = uint64(shares);
        emit SmallestRequestSet(shares);
    }

    /// @dev An epoch holds back those behind it as long as one share of it waits, whatever that is worth.
    /// @return id the epoch that the request belongs to
    function _request(address controller, address owner, uint256 shares) internal returns (uint256 id) {
        Epochs memory epochs = _epochs;
        id = epochs.current;
        if (shares < epochs.smallest) {
            // Half of what it has, not all of it: a gift of one share must not keep a small lender in.
            uint256 least = Math.min(epochs.smallest, Math.ceilDiv(balanceOf(owner), 2));
            require(shares >= least, RequestTooSmall(owner, shares, least));
        }
        _epochOf[id].requested += shares.toUint96();
        Request memory oldest = _oldestOf[controller];
        if (_isDone(oldest)) {
            _oldestOf[controller] = Request(shares.toUint80(), 0, 0, uint32(id), 0);
        } else if (oldest.epoch == id) {
            _oldestOf[controller].shares = (oldest.shares + shares).toUint80();
        } else {
            _requestLater(controller, oldest.later, id, shares);
        }
    }

    /// @param waiting how many requests wait behind the oldest
    function _requestLater(address controller, uint256 waiting, uint256 id, uint256 shares) private {
        Request[MOST_LATER] storage later = _laterOf[controller];
        if (waiting != 0 && later[waiting - 1].epoch == id) {
            later[waiting - 1].shares = (later[waiting - 1].shares + shares).toUint80();
        } else {
            require(waiting < MOST_LATER, RequestsFull(controller, MOST_LATER + 1));
            later[waiting] = Request(shares.toUint80(), 0, 0, uint32(id), 0);
            _oldestOf[controller].later = uint8(waiting + 1);
        }
    }

    // Internals: claims

    /// @return shares all that the controller may claim now
    /// @return assets minor units that they come to
    function _claimable(address controller) internal view returns (uint256 shares, uint256 assets) {
        Request[] memory requests = requestsOf(controller);
        for (uint256 i = 0; i < requests.length; ++i) {
            (uint256 shares_, uint256 assets_) = _claimableOf(requests[i]);
            (shares, assets) = (shares + shares_, assets + assets_);
        }
    }

    /// @notice Books a claim by shares, oldest request first.
    /// @return assets minor units to be paid, rounded down
    function _claimShares(address controller, uint256 wanted) internal returns (uint256 assets) {
        uint256 left = wanted;
        do {
            Request memory oldest = _oldestOf[controller];
            (uint256 shares, uint256 worth) = _claimableOf(oldest);
            uint256 taken = Math.min(left, shares);
            uint256 paid = taken == shares ? worth : worth.mulDiv(taken, shares);
            (left, assets) = (left - taken, assets + paid);
            if (!_book(controller, oldest, taken, paid)) break;
        } while (left != 0);
        require(left == 0, ClaimableSharesTooLow(controller, wanted, wanted - left));
    }

    /// @notice Books a claim by assets, oldest request first.
    /// @return shares that are used up by it, rounded up
    function _claimAssets(address controller, uint256 wanted) internal returns (uint256 shares) {
        uint256 left = wanted;
        do {
            Request memory oldest = _oldestOf[controller];
            (uint256 most, uint256 worth) = _claimableOf(oldest);
            uint256 paid = Math.min(left, worth);
            uint256 taken = paid == worth ? most : most.mulDiv(paid, worth, Math.Rounding.Ceil);
            (left, shares) = (left - paid, shares + taken);
            if (!_book(controller, oldest, taken, paid)) break;
        } while (left != 0);
        require(left == 0, ClaimableAssetsTooLow(controller, wanted, wanted - left));
    }

    /// @dev Writes the oldest request; where nothing of it is left, puts the next one in its place, or clears it.
    /// @return next whether there is a next one
    function _book(address controller, Request memory oldest, uint256 shares, uint256 assets)
        private
        returns (bool next)
    {
        oldest.claimedShares = (oldest.claimedShares + shares).toUint80();
        oldest.claimedAssets = (oldest.claimedAssets + assets).toUint56();
        bool done = _isDone(oldest);
        next = done && oldest.later != 0;
        if (next) _bringForward(controller, oldest.later);
        else if (done) delete _oldestOf[controller];
        else _oldestOf[controller] = oldest;
    }

    /// @dev Eight steps at most, and only for who asked again before it had claimed.
    function _bringForward(address controller, uint256 count) private {
        Request[MOST_LATER] storage later = _laterOf[controller];
        _oldestOf[controller] = later[0];
        _oldestOf[controller].later = uint8(count - 1);
        for (uint256 i = 1; i < count; ++i) {
            later[i - 1] = later[i];
        }
        delete later[count - 1];
    }

    // Internals: epochs

    /// @notice Pays as many waiting shares as the money allows, at one price for all, and burns them.
    /// @param mostAssets minor units that may be spent
    /// @param exitAssets minor units that all shares are worth
    /// @return assets minor units to be set aside
    /// @return waiting shares still unpaid
    function _payEpochs(uint256 mostAssets, uint256 exitAssets) internal returns (uint256 assets, uint256 waiting) {
        waiting = balanceOf(address(this));
        if (waiting == 0) return (0, 0);
        Epochs memory epochs = _epochs;
        uint256 supply = totalSupply() + VIRTUAL_SHARES;
        uint256 left = mostAssets == 0 ? 0 : Math.min(waiting, _sharesWithin(mostAssets, exitAssets, supply));
        uint256 burned = left;
        uint256 last = Math.min(epochs.current, epochs.oldest + MOST_EPOCHS - 1);
        bool paid = true;
        for (uint256 id = epochs.oldest; id <= last && left != 0 && paid; ++id) {
            uint256 paidAssets;
            uint256 paidShares;
            (paidShares, paidAssets, paid) = _payEpoch(id, left, exitAssets + VIRTUAL_ASSETS, supply);
            (left, assets) = (left - paidShares, assets + paidAssets);
            if (paid) epochs.oldest = uint32(id + 1);
        }
        burned -= left;
        if (_isClosed(_epochOf[epochs.current], epochs.smallest)) ++epochs.current;
        _epochs = epochs;
        if (burned != 0) _burn(address(this), burned);
        waiting -= burned;
    }

    /// @dev An epoch of crumbs stays open, so that they do not fill the places of those that a closing pays; not once
    /// some of it has been paid, because who joined it then would share in that.
    function _isClosed(Epoch storage its, uint256 smallest) private view returns (bool) {
        uint256 requested = its.requested;
        return requested != 0 && (requested >= smallest || its.processed != 0);
    }

    /// @return shares paid
    /// @return assets minor units for them, rounded down
    /// @return paid whether nothing of the epoch is left
    function _payEpoch(uint256 id, uint256 mostShares, uint256 worth, uint256 supply)
        private
        returns (uint256 shares, uint256 assets, bool paid)
    {
        Epoch memory its = _epochOf[id];
        uint256 unpaid = its.requested - its.processed;
        shares = Math.min(unpaid, mostShares);
        assets = shares.mulDiv(worth, supply);
        paid = shares == unpaid;
        its.processed = (its.processed + shares).toUint96();
        its.assets = (its.assets + assets).toUint64();
        _epochOf[id] = its;
        emit EpochPaid(id, shares, assets);
    }

    /// @return the most shares whose assets, rounded down, are within `assets`
    function _sharesWithin(uint256 assets, uint256 exitAssets, uint256 supply) internal pure returns (uint256) {
        return (assets + 1).mulDiv(supply, exitAssets + VIRTUAL_ASSETS, Math.Rounding.Ceil) - 1;
    }

    // Internals: parts

    function _find(uint256 id, address controller) private view returns (Request memory found) {
        Request[] memory requests = requestsOf(controller);
        for (uint256 i = 0; i < requests.length; ++i) {
            if (requests[i].epoch == id) return requests[i];
        }
    }

    function _claimableOf(Request memory request) private view returns (uint256 shares, uint256 assets) {
        Epoch memory its = _epochOf[request.epoch];
        shares = _partOf(request, its.processed) - request.claimedShares;
        assets = _partOf(request, its.assets) - request.claimedAssets;
    }

    /// @return the request's part of a figure of its epoch, rounded down
    function _partOf(Request memory request, uint256 whole) private view returns (uint256) {
        if (request.shares == 0) return 0;
        return whole.mulDiv(request.shares, _epochOf[request.epoch].requested);
    }

    function _isDone(Request memory request) private pure returns (bool) {
        return request.claimedShares == request.shares;
    }
}
