// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchCalls} from "../libraries/BatchCalls.sol";
import {FacilityId, FinancingId} from "../types/Ids.sol";
import {IApplications} from "./interfaces/IApplications.sol";
import {ICollateral} from "./interfaces/ICollateral.sol";
import {IFinancingDesk} from "./interfaces/IFinancingDesk.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Takes suppliers' requests, signed or called, to the desk, and reserves items for one lender.
contract Applications is IApplications, BatchCalls, AccessManaged, EIP712, NoncesKeyed, ReentrancyGuardTransient {
    bytes32 private constant REQUEST_TYPE = keccak256(
        "FinancingRequest(uint64 facility,address collateral,uint256 itemId,uint256 units,bytes32 subject,address signer,uint256 nonce,uint256 deadline)"
    );
    /// @dev A lender's time to decide on a signed application.
    uint256 private constant MOST_RESERVATION = 7 days;

    IFinancingDesk public immutable desk;

    /// @dev Requests that have reserved their item: a relayer must not renew what the supplier has given once.
    mapping(bytes32 digest => bool) private _hasReserved;

    constructor(IFinancingDesk desk_, address authority) AccessManaged(authority) EIP712("Portolan Applications", "1") {
        desk = desk_;
    }

    // By the supplier

    /// @inheritdoc IApplications
    /// @dev The desk refuses a supplier that the facility was not granted to.
    function open(FacilityId facility, ICollateral collateral, uint256 itemId, uint256 units, bytes32 subject)
        external
        nonReentrant
        returns (FinancingId financing)
    {
        financing = desk.openFinancingFor(msg.sender, facility, collateral, itemId, units, subject);
        emit RequestGranted(financing, facility, msg.sender, msg.sender);
    }

    /// @inheritdoc IApplications
    function reserve(FacilityId facility, ICollateral collateral, uint256 itemId, uint40 until) external nonReentrant {
        _reserve(facility, collateral, msg.sender, itemId, until);
    }

    /// @inheritdoc IApplications
    function withdrawRequest(uint192 series) external {
        emit RequestWithdrawn(msg.sender, _useNonce(msg.sender, series));
    }

    // By anyone, with the supplier's signature

    /// @inheritdoc IApplications
    function openBySignature(FinancingRequest calldata request, bytes calldata signature)
        external
        nonReentrant
        returns (FinancingId financing)
    {
        _requireSigned(request, signature);
        _useCheckedNonce(request.signer, request.nonce);

        financing = desk.openFinancingFor(
            request.signer, request.facility, request.collateral, request.itemId, request.units, request.subject
        );
        emit RequestGranted(financing, request.facility, request.signer, msg.sender);
    }

    /// @inheritdoc IApplications
    function reserveBySignature(FinancingRequest calldata request, bytes calldata signature)
        external
        nonReentrant
        returns (uint256 until)
    {
        bytes32 digest = _requireSigned(request, signature);
        require(!_hasReserved[digest], AlreadyServed(digest));
        address signer = request.signer;
        uint256 next = nonces(signer, uint192(request.nonce >> 64));
        require(request.nonce == next, InvalidAccountNonce(signer, next));

        _hasReserved[digest] = true;
        until = Math.min(request.deadline, block.timestamp + MOST_RESERVATION);
        // Safe: at most a week ahead.
        _reserve(request.facility, request.collateral, signer, request.itemId, uint40(until));
    }

    // By the credit officer

    /// @inheritdoc IApplications
    function endReservation(ICollateral collateral, address holder, uint256 itemId) external restricted nonReentrant {
        collateral.endReservation(holder, itemId);
    }

    // Views

    /// @inheritdoc IApplications
    function requestDigest(FinancingRequest calldata request) public view returns (bytes32) {
        // The request's fields are static words in the order of the type, so it encodes in place.
        return _hashTypedDataV4(keccak256(abi.encode(REQUEST_TYPE, request)));
    }

    // Internals

    function _reserve(FacilityId facility, ICollateral collateral, address supplier, uint256 itemId, uint40 until)
        private
    {
        _requireSupplierOf(facility, supplier);
        require(desk.isCollateralListed(collateral), CollateralUnlisted(collateral));

        collateral.reserve(facility, supplier, itemId, until);
    }

    function _requireSupplierOf(FacilityId facility, address account) private view {
        address supplier = desk.facility(facility).terms.supplier;
        require(account == supplier, NotSupplierOf(facility, account, supplier));
    }

    function _requireSigned(FinancingRequest calldata request, bytes calldata signature)
        private
        view
        returns (bytes32 digest)
    {
        address signer = request.signer;
        require(block.timestamp <= request.deadline, RequestExpired(signer, request.deadline, block.timestamp));
        digest = requestDigest(request);
        bool signed = SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature);
        require(signed, RequestSignatureInvalid(signer, digest));
    }
}
