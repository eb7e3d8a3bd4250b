// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LendingPool} from "../../../contracts/lending/LendingPool.sol";
import {TrancheVault} from "../../../contracts/lending/TrancheVault.sol";
import {IFirstLossReserve} from "../../../contracts/lending/interfaces/IFirstLossReserve.sol";
import {IFundingSource} from "../../../contracts/lending/interfaces/IFundingSource.sol";
import {ILendingPool, Tranche} from "../../../contracts/lending/interfaces/ILendingPool.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {CashToken} from "../../../contracts/money/CashToken.sol";
import {OrganisationId} from "../../../contracts/types/Ids.sol";
import {DayCount} from "../../../contracts/types/Rates.sol";
import {Offices, Roles} from "../../../contracts/types/Roles.sol";
import {Network} from "../support/Network.t.sol";

/// @title A euro pool and its two vaults in the network, lent from by a desk that the heirs choose; two lenders. Senior
/// earns 4 %, junior must be a fifth, an epoch lasts a week.
abstract contract PoolBase is Network {
    uint16 internal constant RATE_BPS = 900;
    uint16 internal constant SENIOR_RATE_BPS = 400;
    uint256 internal constant EPOCH = 7 days;

    LendingPool internal pool;
    TrancheVault internal senior;
    TrancheVault internal junior;
    address internal supplier;
    address internal debtor;
    address internal cobalt;
    address internal granite;
    address internal treasury;
    address internal stranger = makeAddr("stranger");

    /// @dev Least share of junior in bps; heirs may choose another, 0 for none.
    function _floorBps() internal view virtual returns (uint256) {
        return 2000;
    }

    function _deployPool(address desk) internal {
        (supplier, debtor, cobalt, treasury) = (acme.account, borealis.account, lender.account, operator.account);
        granite = _admit("GRANITEFUND", Roles.LENDER).account;
        for (uint24 id = 1; id <= 8; ++id) {
            registry.renewKyc(registry.organisation(OrganisationId.wrap(id)).lei, uint40(START + 20 * 365 days));
        }
        manager.grantRole(Offices.SERVICER, address(this), 0);
        manager.grantRole(Offices.GUARDIAN, address(this), 0);
        (pool, senior, junior) = _newPool(euro, desk, _floorBps());
    }

    /// @notice A pool of its own, connected to its vaults and admitted to the network.
    function _newPool(CashToken cash, address desk, uint256 floorBps)
        internal
        returns (LendingPool pool_, TrancheVault senior_, TrancheVault junior_)
    {
        pool_ = new LendingPool(cash, desk, SENIOR_RATE_BPS, floorBps, EPOCH, address(manager));
        senior_ = new TrancheVault(pool_, Tranche.Senior, registry, "Portolan euro senior", "psEUR");
        junior_ = new TrancheVault(pool_, Tranche.Junior, registry, "Portolan euro junior", "pjEUR");
        bytes4[] memory governed = new bytes4[](5);
        governed[0] = pool_.setTranches.selector;
        governed[1] = pool_.setReserve.selector;
        governed[2] = pool_.listSyndicate.selector;
        governed[3] = pool_.setDepositCap.selector;
        governed[4] = pool_.resume.selector;
        manager.setTargetFunctionRole(address(pool_), governed, Offices.GOVERNOR);
        _allow(pool_.stop.selector, address(pool_), Offices.GUARDIAN);
        _allow(pool_.takeFees.selector, address(pool_), Offices.SERVICER);
        _allow(pool_.strikeLoss.selector, address(pool_), Offices.SERVICER);
        _allow(senior_.setSmallestRequest.selector, address(senior_), Offices.GOVERNOR);
        _allow(junior_.setSmallestRequest.selector, address(junior_), Offices.GOVERNOR);
        pool_.setTranches(address(senior_), address(junior_));
        registry.admitAccount(operator.lei, address(pool_));
        registry.admitAccount(operator.lei, address(senior_));
        registry.admitAccount(operator.lei, address(junior_));
    }

    function _fundAndApprove(address who, uint256 amount, address spender) internal {
        if (amount != 0) _issue(euro, who, amount);
        vm.prank(who);
        euro.approve(spender, type(uint256).max);
    }

    /// @notice A deposit into the junior tranche, which takes any.
    function _deposit(address who, uint256 assets) internal returns (uint256 shares) {
        return _depositInto(junior, who, assets);
    }

    function _depositInto(TrancheVault vault, address who, uint256 assets) internal returns (uint256 shares) {
        _fundAndApprove(who, assets, address(vault));
        vm.prank(who);
        return vault.deposit(assets, who);
    }

    function _request(TrancheVault vault, address who, uint256 shares) internal returns (uint256 requestId) {
        vm.prank(who);
        return vault.requestRedeem(shares, who, who);
    }

    /// @notice Claims all that an account may claim.
    function _claim(TrancheVault vault, address who) internal returns (uint256 assets) {
        uint256 shares = vault.maxRedeem(who);
        vm.prank(who);
        return vault.redeem(shares, who, who);
    }

    function _closeEpoch() internal {
        if (block.timestamp < pool.closableAt()) vm.warp(pool.closableAt());
        pool.closeEpoch();
    }

    function _entry(Tranche tranche) internal view returns (uint256 entry) {
        (entry,) = pool.trancheAssets(tranche);
    }

    function _exit(Tranche tranche) internal view returns (uint256 exit) {
        (, exit) = pool.trancheAssets(tranche);
    }
}

/// @title A reserve that pays as long as it has money: what the pool needs of one.
contract ReserveDouble {
    ILendingPool public immutable pool;

    constructor(ILendingPool pool_) {
        pool = pool_;
    }

    function cover(uint256 loss) external returns (uint256 covered) {
        uint256 held = pool.cash().balanceOf(address(this));
        covered = loss < held ? loss : held;
        if (covered != 0) pool.cash().transfer(address(pool), covered);
    }

    function topUp(uint256) external {}
}

/// @title The same with the test contract as the desk, to bring the pool into any state.
abstract contract BarePoolBase is PoolBase {
    function setUp() public virtual override {
        super.setUp();
        _deployPool(address(this));
        registry.admitAccount(operator.lei, address(this));
    }

    function _lend(uint256 amount) internal {
        pool.disburse(supplier, amount, _weight(amount), DayCount.Actual360);
    }

    function _weight(uint256 principal) internal pure returns (uint256) {
        return Accrual.weightOf(principal, RATE_BPS, DayCount.Actual360);
    }

    /// @notice Brings new money to the pool and books it.
    function _collect(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 fees) internal {
        _collect(_receipt(interest, settledNumerator, principal, fees));
    }

    function _receipt(uint256 interest, uint256 settledNumerator, uint256 principal, uint256 fees)
        internal
        pure
        returns (IFundingSource.Receipt memory receipt)
    {
        receipt.fees = fees;
        receipt.interest = interest;
        receipt.settledNumerator = settledNumerator;
        receipt.principal = principal;
        receipt.weight = _weight(principal);
    }

    function _collect(IFundingSource.Receipt memory receipt) internal {
        uint256 amount = receipt.lateFees + receipt.fees + receipt.interest + receipt.principal + receipt.recovered
            + receipt.reserve;
        if (amount != 0) _issue(euro, address(pool), amount);
        pool.collect(receipt);
    }

    function _writeOff(uint256 principal) internal {
        pool.writeOff(principal, _weight(principal), 0, DayCount.Actual360);
    }

    function _addReserve(uint256 amount) internal returns (IFirstLossReserve reserve) {
        reserve = IFirstLossReserve(address(new ReserveDouble(pool)));
        registry.admitAccount(operator.lei, address(reserve));
        if (amount != 0) _issue(euro, address(reserve), amount);
        pool.setReserve(reserve);
    }
}
