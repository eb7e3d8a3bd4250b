// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Offices} from "../types/Roles.sol";
import {INetworkAccessManager} from "./interfaces/INetworkAccessManager.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title OpenZeppelin's AccessManager with a floor under the governor's delay that nobody can take away.
/// @dev Warning: until `handOver` the deployer governs without delay. Nothing of value may be entrusted before it.
contract NetworkAccessManager is AccessManager, INetworkAccessManager {
    uint32 public immutable leastGovernorDelaySeconds;
    address private immutable _deployer;

    address public handedOverTo;

    constructor(address initialAdmin, uint32 leastGovernorDelaySeconds_) AccessManager(initialAdmin) {
        require(leastGovernorDelaySeconds_ != 0, LeastDelayZero());
        leastGovernorDelaySeconds = leastGovernorDelaySeconds_;
        _deployer = initialAdmin;
    }

    /// @inheritdoc INetworkAccessManager
    function handOver(address governor, uint32 delaySeconds) external onlyAuthorized {
        require(handedOverTo == address(0), AlreadyHandedOver(handedOverTo));
        require(governor != _deployer, GovernorIsDeployer(governor));
        require(governor != address(0), AccessManagerInvalidInitialAdmin(governor));
        handedOverTo = governor;
        // No grant delay: until somebody holds these offices, nobody could do anything at all.
        _grantRole(ADMIN_ROLE, governor, 0, delaySeconds);
        _grantRole(Offices.GOVERNOR, governor, 0, delaySeconds);
        _revokeRole(ADMIN_ROLE, _deployer);
        _revokeRole(Offices.GOVERNOR, _deployer);
        emit HandedOver(governor, delaySeconds);
    }

    /// @dev Every grant comes through here, the constructor's too: it runs before the immutables are set, and passes
    /// because the deployer is still unknown then.
    function _grantRole(uint64 roleId, address account, uint32 grantDelay, uint32 executionDelay)
        internal
        override
        returns (bool)
    {
        if (roleId == ADMIN_ROLE || roleId == Offices.GOVERNOR) {
            _requireGovernable(roleId, account, executionDelay);
        }
        return super._grantRole(roleId, account, grantDelay, executionDelay);
    }

    function _requireGovernable(uint64 roleId, address account, uint32 executionDelay) private view {
        if (handedOverTo == address(0)) {
            require(_deployer == address(0) || account == _deployer, OnlyDeployerBefore(roleId, account));
        } else {
            uint32 least = leastGovernorDelaySeconds;
            require(executionDelay >= least, DelayTooShort(roleId, account, executionDelay, least));
        }
    }
}
