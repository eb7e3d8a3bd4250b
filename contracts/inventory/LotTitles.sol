// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GroupId, LotId, OrganisationId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {LotUnits} from "./LotUnits.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {ILots} from "./interfaces/ILots.sol";
import {IWarehouseReceiptToken} from "./interfaces/IWarehouseReceiptToken.sol";
import {ERC1155Utils} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";

/// @title How the title moves, by whose word, and what a custodian may do with it.
abstract contract LotTitles is LotUnits, IWarehouseReceiptToken {
    bytes32 private constant TITLE_TRANSFER_TYPE = keccak256(
        "TitleTransfer(uint256 id,address from,address to,address holder,uint256 quantity,uint256 nonce,uint256 deadline)"
    );

    // Owner

    /// @inheritdoc IGoodsRights
    function setPowerOfSale(address custodian, bool given) external {
        _powersOfSale[msg.sender][custodian] = given;
        emit PowerOfSaleSet(msg.sender, custodian, given);
    }

    /// @inheritdoc IGoodsRights
    function transferTitle(LotId id, address to, uint256 quantity) external {
        _registry.requireAdmitted(msg.sender, msg.sender);
        _requireMayOwn(id, to);
        _passFree(id, msg.sender, to, quantity);
    }

    // Owner and custodian, through whoever sends it

    /// @inheritdoc IGoodsRights
    function transferTitleBySignature(
        TitleTransfer calldata transfer,
        bytes calldata signature,
        bytes calldata holderSignature
    ) external {
        (LotId id, address from, address to) = (transfer.id, transfer.from, transfer.to);
        require(block.timestamp <= transfer.deadline, SignatureExpired(id, transfer.deadline, block.timestamp));
        _registry.requireAdmitted(from, transfer.holder);
        _requireMayOwn(id, to);
        bytes32 digest = titleTransferDigest(transfer);
        _requireAgreed(id, from, digest, signature);
        _useCheckedNonce(from, transfer.nonce);
        if (transfer.holder == from) {
            _passFree(id, from, to, transfer.quantity);
        } else {
            _requireAgreed(id, transfer.holder, digest, holderSignature);
            _passInCustody(id, from, to, transfer.holder, transfer.quantity);
        }
    }

    /// @inheritdoc IGoodsRights
    function approveDigest(bytes32 digest, bool approved) external {
        _approvedDigests[msg.sender][digest] = approved;
        emit DigestApproved(msg.sender, digest, approved);
    }

    /// @inheritdoc IGoodsRights
    function voidNextSignature() external {
        _useNonce(msg.sender);
    }

    // Custodian

    /// @inheritdoc IGoodsRights
    function sellFromCustody(LotId id, address beneficiary, address to, uint256 quantity) external {
        _registry.requireAdmitted(msg.sender, beneficiary);
        _requireMayOwn(id, to);
        bool given = _positions[id][beneficiary].sellable;
        require(given, PowerOfSaleMissing(id, beneficiary, msg.sender));
        _outOfCustody(id, msg.sender, beneficiary, _custodianIndex[msg.sender], quantity, false);
        // Safe: at most what was pledged.
        _positions[id][to].free += uint56(quantity);
        emit SoldFromCustody(id, beneficiary, to, msg.sender, quantity);
        _announceMove(msg.sender, msg.sender, to, id, quantity);
    }

    /// @inheritdoc IGoodsRights
    function fetch(LotId id, address beneficiary, uint256 quantity) external returns (uint256 held, bool sellable) {
        _checkAuthorized(msg.sender, beneficiary);
        _registry.requireAdmitted(beneficiary, msg.sender);
        uint8 index = _custodianIndex[msg.sender];
        require(index != 0, HoldingStays(id, beneficiary, msg.sender));
        (held, sellable) = _intoCustody(id, beneficiary, msg.sender, index, quantity);
        emit TransferSingle(msg.sender, beneficiary, msg.sender, LotId.unwrap(id), quantity);
    }

    /// @inheritdoc IGoodsRights
    function giveBack(LotId id, address beneficiary) external returns (uint256 quantity, uint256 aside) {
        Position storage owned = _positions[id][beneficiary];
        (quantity, aside) = (owned.pledged, owned.pledgedAside);
        if (quantity == 0) return (0, aside);
        _registry.requireAdmitted(msg.sender, beneficiary);
        _outOfCustody(id, msg.sender, beneficiary, _custodianIndex[msg.sender], quantity, true);
        _announceMove(msg.sender, msg.sender, beneficiary, id, quantity);
    }

    /// @inheritdoc IGoodsRights
    function substitute(LotId held, uint256 quantityHeld, LotId offered, uint256 quantityOffered, address beneficiary)
        external
    {
        _checkAuthorized(msg.sender, beneficiary);
        _registry.requireAdmitted(msg.sender, beneficiary);
        _requireAlike(held, offered);
        require(quantityOffered >= quantityHeld, SubstituteTooSmall(offered, quantityOffered, quantityHeld));
        uint8 index = _custodianIndex[msg.sender];
        _outOfCustody(held, msg.sender, beneficiary, index, quantityHeld, true);
        _intoCustody(offered, beneficiary, msg.sender, index, quantityOffered);
        emit CustodySubstituted(held, offered, beneficiary, msg.sender, quantityHeld, quantityOffered);
        emit TransferSingle(msg.sender, beneficiary, msg.sender, LotId.unwrap(offered), quantityOffered);
        _announceMove(msg.sender, msg.sender, beneficiary, held, quantityHeld);
    }

    // Views

    /// @inheritdoc IGoodsRights
    function titleTransferDigest(TitleTransfer calldata transfer) public view returns (bytes32) {
        // Its fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(TITLE_TRANSFER_TYPE, transfer)));
    }

    /// @inheritdoc IGoodsRights
    function releaseOrderDigest(ReleaseOrder calldata order) external view returns (bytes32) {
        return _releaseOrderDigest(order);
    }

    // Internals

    function _requireMayOwn(LotId id, address to) private view {
        (OrganisationId owner, GroupId group) = _memberOf(to, Roles.ALL);
        bool custodian = to.code.length != 0 && _custodianIndex[to] != 0;
        require(!custodian, TitleToCustodian(id, to));
        Goods storage its = _goods[id];
        _requireNotOperator(id, owner, group, its.operator, its.operatorGroup);
    }

    function _passFree(LotId id, address from, address to, uint256 units) private {
        require(units != 0, UnitsZero(id));
        Position storage source = _positions[id][from];
        uint256 free = source.free;
        if (free < units) revert ERC1155InsufficientBalance(from, free, units, LotId.unwrap(id));
        // Safe: at most what is there.
        source.free -= uint56(units);
        _positions[id][to].free += uint56(units);
        emit TitleTransferred(id, from, to, to, units);
        _announceMove(from, from, to, id, units);
    }

    /// @dev Whoever takes the title takes it as it stands, with the power to sell where the custodian has it.
    function _passInCustody(LotId id, address from, address to, address holder, uint256 units) private {
        require(units != 0, UnitsZero(id));
        _requireCustodian(id, holder, _custodianIndex[holder]);
        Position storage source = _positions[id][from];
        Position storage target = _positions[id][to];
        uint256 pledged = source.pledged;
        require(units <= pledged, CustodyExceeded(id, from, units, pledged));
        bool sellable = source.sellable;
        bool fresh = target.pledged == 0 && target.pledgedAside == 0;
        require(fresh || target.sellable == sellable, PowersOfSaleDiffer(id, from, to));

        // Safe: at most what is pledged.
        source.pledged -= uint56(units);
        target.pledged += uint56(units);
        if (fresh) target.sellable = sellable;
        _endPower(source);
        emit TitleTransferred(id, from, to, holder, units);
    }

    function _requireAlike(LotId held, LotId offered) private view {
        (Goods storage a, Goods storage b) = (_goods[held], _goods[offered]);
        require(a.unit == b.unit, UnitsDiffer(held, a.unit, offered, b.unit));
        require(a.commodity == b.commodity, CommoditiesDiffer(held, a.commodity, offered, b.commodity));
        require(LotId.unwrap(held) != LotId.unwrap(offered), LotsDiffer(held, offered));
    }

    function _announceMove(address operator, address from, address to, LotId id, uint256 units) private {
        emit TransferSingle(operator, from, to, LotId.unwrap(id), units);
        ERC1155Utils.checkOnERC1155Received(operator, from, to, LotId.unwrap(id), units, "");
    }
}
