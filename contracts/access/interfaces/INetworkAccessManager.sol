// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Who holds which office of the network's operator (`Offices`), and how long a governor's actions wait.
interface INetworkAccessManager is IAccessManager {
    /// @notice The governor took over from the deployer.
    /// @param delaySeconds how long each of the governor's actions waits
    event HandedOver(address indexed governor, uint32 delaySeconds);

    /// @notice At deployment: the least delay of a governor is zero seconds.
    error LeastDelayZero();
    /// @notice ADMIN_ROLE or GOVERNOR granted after the hand-over with a delay below the least; both in seconds.
    error DelayTooShort(uint64 office, address account, uint32 delaySeconds, uint32 leastSeconds);
    /// @notice Before the hand-over the deployer alone may govern.
    error OnlyDeployerBefore(uint64 office, address account);
    /// @notice The network cannot be handed over to the account that deployed it.
    error GovernorIsDeployer(address governor);
    /// @notice The hand-over happens once; `governor` has it.
    error AlreadyHandedOver(address governor);

    /// @notice Ends the deployment: the governor becomes administrator and GOVERNOR with this delay, the deployer loses
    /// both. From then on neither office can be given to anybody with a delay below the least. Administrator only, once.
    /// @param delaySeconds at least `leastGovernorDelaySeconds`
    function handOver(address governor, uint32 delaySeconds) external;

    /// @return shortest delay that a governor may have, seconds; never zero
    function leastGovernorDelaySeconds() external view returns (uint32);
    /// @return zero before the hand-over; the governor it was handed to after
    function handedOverTo() external view returns (address);
}
