// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ERC-7540, operators: who may request and claim for a controller. Interface id 0xe3bc4e65.
interface IERC7540Operator {
    /// @notice A controller let an operator act for it, or ended that.
    event OperatorSet(address indexed controller, address indexed operator, bool approved);

    /// @notice Lets an operator request and claim for the caller, and choose the receiver of claims; or ends that.
    /// @dev Warning: an operator can take everything that the caller may claim.
    /// @return true
    function setOperator(address operator, bool approved) external returns (bool);

    /// @return status whether the operator may act for the controller
    function isOperator(address controller, address operator) external view returns (bool status);
}

/// @title ERC-7540, asynchronous redemption. Interface id 0x620ee8e4.
interface IERC7540Redeem {
    /// @notice Shares were handed in for redemption.
    /// @param requestId the epoch
    event RedeemRequest(
        address indexed controller, address indexed owner, uint256 indexed requestId, address sender, uint256 shares
    );

    /// @notice Hands in shares for redemption. By the owner, its operator, or who has its allowance.
    /// @param controller who will claim: the owner itself, or who has approved the owner as its operator
    /// @return requestId the epoch
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 requestId);

    /// @return shares of the request that are not yet paid
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);

    /// @return shares of the request that are paid and not yet claimed
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares);
}

/// @title ERC-7575 as far as it goes beyond ERC-4626. With ERC-4626's functions its interface id is 0x2f0a18c5.
interface IERC7575 {
    /// @return the token of the shares: the vault itself
    function share() external view returns (address);
}
