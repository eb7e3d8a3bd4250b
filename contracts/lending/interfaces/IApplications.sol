// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FacilityId, FinancingId} from "../../types/Ids.sol";
import {ICollateral} from "./ICollateral.sol";

/// @title Where suppliers apply for financings: by their own call or by a signature that anyone may relay, so that
/// whoever relays pays the gas. A lender that studies an application has the item reserved for it meanwhile.
/// Two lenders that ask for one item in one block get one winner; the other's call reverts and changes nothing.
interface IApplications {
    /// @notice What a supplier signs (EIP-712), for one facility and once.
    /// @param collateral adapter that shall keep the item
    /// @param itemId receivable or order
    /// @param units part of the item, in minor units of its value
    /// @param subject consignment whose facts move the base; 0 for none
    /// @param signer account that the facility was granted to
    /// @param nonce the next one of its series: the upper 192 bits name the series, the lower 64 count
    /// @param deadline last moment (Unix seconds) at which the signature counts
    struct FinancingRequest {
        FacilityId facility;
        ICollateral collateral;
        uint256 itemId;
        uint256 units;
        bytes32 subject;
        address signer;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice A financing was opened at the supplier's request, its own call or its signature.
    /// @param relayer account that sent the request in
    event RequestGranted(
        FinancingId indexed financing, FacilityId indexed facility, address indexed supplier, address relayer
    );
    /// @notice The supplier withdrew what it had signed with this nonce.
    event RequestWithdrawn(address indexed signer, uint256 nonce);

    /// @notice The block's time is past the signature's deadline; both in Unix seconds.
    error RequestExpired(address signer, uint256 deadline, uint256 now_);
    /// @notice The signature is not the signer's over this request.
    error RequestSignatureInvalid(address signer, bytes32 digest);
    /// @notice The account is not the one that the facility was granted to.
    error NotSupplierOf(FacilityId facility, address account, address supplier);
    /// @notice The adapter is not admitted.
    error CollateralUnlisted(ICollateral collateral);
    /// @notice The signature has already served to reserve the item: it does so once.
    error AlreadyServed(bytes32 digest);

    // Supplier

    /// @notice Opens a financing as `IFinancingDesk.openFinancing` does; here, so that many can go into one batch.
    /// Supplier only.
    /// @param units part of the item, in minor units of its value
    function open(FacilityId facility, ICollateral collateral, uint256 itemId, uint256 units, bytes32 subject)
        external
        returns (FinancingId);

    /// @notice Keeps the caller's part of an item for a facility of its own. Supplier only. It cannot end the
    /// reservation alone: exclusivity would mean nothing.
    /// @param until Unix seconds, after now and at most 7 days ahead
    function reserve(FacilityId facility, ICollateral collateral, uint256 itemId, uint40 until) external;

    /// @notice Makes the next nonce of a series useless, and with it what was signed with it. The signer only.
    /// @param series upper 192 bits of the nonce
    function withdrawRequest(uint192 series) external;

    // Anyone, with the supplier's signature

    /// @notice Opens a financing by the supplier's EIP-712 signature (ERC-1271 for contracts), relayed by anyone.
    function openBySignature(FinancingRequest calldata request, bytes calldata signature) external returns (FinancingId);

    /// @notice Keeps the supplier's part of the item for the facility named in its application, until the application's
    /// deadline and at most 7 days. A lender relays what it was sent. Leaves the nonce for `openBySignature`; the same
    /// signature does not reserve again.
    /// @return until Unix seconds from which the item is free again
    function reserveBySignature(FinancingRequest calldata request, bytes calldata signature)
        external
        returns (uint256 until);

    // Credit officer

    /// @notice Ends a reservation before its time, where the lender has refused. Credit officer only.
    function endReservation(ICollateral collateral, address holder, uint256 itemId) external;

    // Views

    /// @return the EIP-712 digest that the supplier signs
    function requestDigest(FinancingRequest calldata request) external view returns (bytes32);
}
