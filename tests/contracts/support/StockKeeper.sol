// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoodsRights} from "../../../contracts/inventory/interfaces/IGoodsRights.sol";
import {IWarehouseReceiptToken} from "../../../contracts/inventory/interfaces/IWarehouseReceiptToken.sol";
import {LotId} from "../../../contracts/types/Ids.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";

/// @title A custodian of goods that does as it is told, and says yes to the digests it was told of.
contract StockKeeper is ERC1155Holder, IERC1271 {
    IWarehouseReceiptToken private immutable _token;
    mapping(bytes32 digest => bool) private _agreed;

    constructor(IWarehouseReceiptToken token) {
        _token = token;
    }

    function agree(bytes32 digest) external {
        _agreed[digest] = true;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return signature.length == 0 && _agreed[digest] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function fetch(address from, LotId id, uint256 units) external {
        _token.safeTransferFrom(from, address(this), LotId.unwrap(id), units, "");
    }

    function giveBack(address to, LotId id, uint256 units) external {
        _token.safeTransferFrom(address(this), to, LotId.unwrap(id), units, "");
    }

    function sell(LotId id, address beneficiary, address to, uint256 units) external {
        _token.sellFromCustody(id, beneficiary, to, units);
    }

    function substitute(LotId held, uint256 out, LotId offered, uint256 taken, address beneficiary) external {
        _token.substitute(held, out, offered, taken, beneficiary);
    }

    function order(IGoodsRights.ReleaseOrder calldata it, bytes calldata signature) external {
        _token.orderRelease(it, signature, "");
    }

    function passTitle(IGoodsRights.TitleTransfer calldata it, bytes calldata signature) external {
        _token.transferTitleBySignature(it, signature, "");
    }

    function approveDigest(bytes32 digest, bool approved) external {
        _token.approveDigest(digest, approved);
    }

    function grantPower(address custodian, bool given) external {
        _token.setPowerOfSale(custodian, given);
    }

    function grade(LotId id, uint8 condition) external {
        _token.lowerCondition(id, condition);
    }

    function takeTitleTo(LotId id, address to, uint256 units) external {
        _token.transferTitle(id, to, units);
    }
}
