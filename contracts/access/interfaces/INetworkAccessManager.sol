// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Who holds which office of the network's operator (`Offices`), and how long a governor's actions wait.
interface INetworkAccessManager is IAccessManager {
    /// @param delaySeconds how long each of the governor's actions waits
    event HandedOver(address indexed governor, uint32 delaySeconds);

    error LeastDelayZero();
    error DelayTooShort(uint64 office, address account, uint32 delaySeconds, uint32 leastSeconds);
    /// @notice Before the hand-over the deployer alone may govern.
    error OnlyDeployerBefore(uint64 office, address account);
    error GovernorIsDeployer(address governor);
    error AlreadyHandedOver(address governor);

    /// @notice Ends the deployment: the governor becomes administrator and GOVERNOR with this delay, the deployer loses
    /// both. From then on neither office can be given to anybody with a delay below the least. Administrator only, once.
    function handOver(address governor, uint32 delaySeconds) external;

    /// @return shortest delay that a governor may have, seconds; never zero
    function leastGovernorDelaySeconds() external view returns (uint32);
    /// @return zero before the hand-over; the governor it was handed to after
    function handedOverTo() external view returns (address);
}
