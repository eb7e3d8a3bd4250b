// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IParticipantRegistry} from "../access/interfaces/IParticipantRegistry.sol";
import {ICashToken} from "../money/interfaces/ICashToken.sol";
import {OrganisationId, ReceivableId} from "../types/Ids.sol";
import {Roles} from "../types/Roles.sol";
import {ICirculation} from "./interfaces/ICirculation.sol";
import {IReceivableToken} from "./interfaces/IReceivableToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The registry's look-up, for who needs the organisation only: the record that it answers starts with it. Decoding
/// the rest of it costs 700 gas a call, twice with every move.
interface IOrganisationLookup {
    /// @notice As in `IParticipantRegistry`.
    function requireRole(address account, uint32 anyOfRoles) external view returns (OrganisationId);
}

/// @title Everything that the token stores, and what share of the payments is whose, without a loop over holders.
/// @dev A holder with u units that last took its share when `level` had been paid keeps u * (faceValue - paid) /
/// (faceValue - level) of them; the rest are its share, and are burned when it is taken. Rounding up what is kept leaves a
/// holder with more units than exact, never fewer. So units kept never sum to less than what is outstanding, claims never
/// exceed `paid`, and at full payment everyone's share is exactly its units.
/// @dev Dilution changes `faceValue` for later payments only. What it was for earlier ones is kept in a list, as short as
/// the number of dilutions after a payment, which is walked from the holder's level on.
/// @dev The token and the parts that it runs inherit this storage; none of them may declare any of its own.
abstract contract ReceivableBook is ERC1155, AccessManaged, EIP712, Nonces, ReentrancyGuardTransient {
    /// @dev `CirculationRules` and what is stopped, one bit a `Stoppable`, in one slot.
    struct RulesInForce {
        uint16 mostTenorDays;
        uint16 ordinaryTenorDays;
        uint8 mostTier;
        uint8 mostTransfers;
        uint56 smallestPart;
        uint16 graceDays;
        uint8 stopped;
    }

    /// @notice The face value in force until `paid` had come in; both in minor units.
    struct FormerFaceValue {
        uint56 paid;
        uint56 faceValue;
    }

    /// @dev Five years: no trade credit is longer, and a slip in the year is caught.
    uint256 private constant TENOR_CEILING_DAYS = 1826;
    uint256 private constant MOST_GRACE_DAYS = 365;

    IParticipantRegistry internal immutable _registry;

    RulesInForce internal _rules;
    mapping(ReceivableId id => IReceivableToken.Receivable) internal _receivables;
    mapping(ReceivableId id => mapping(address holder => ICirculation.Holding)) internal _holdings;
    mapping(ReceivableId id => uint256 disputed) internal _disputed;
    mapping(ReceivableId id => FormerFaceValue[]) internal _formerFaceValues;
    mapping(ReceivableId id => bool) internal _cancellationConsented;
    mapping(uint8 index => ICashToken) internal _cashAt;
    mapping(bytes3 currency => uint8 index) internal _currencyIndex;
    mapping(uint8 index => address) internal _custodianAt;
    mapping(address custodian => uint8 index) internal _custodianIndex;
    uint8 internal _currencyCount;
    uint8 internal _custodianCount;
    address internal _disputes;

    constructor(IParticipantRegistry registry, address authority)
        ERC1155("")
        AccessManaged(authority)
        EIP712("Portolan ReceivableToken", "1")
    {
        _registry = registry;
    }

    // Views

    /// @inheritdoc ERC1155
    function balanceOf(address account, uint256 id) public view override returns (uint256) {
        return _holdings[ReceivableId.wrap(id)][account].units;
    }

    // Records

    /// @dev One place that unpacks the slot: wherever it is done the code is long.
    function _recordOf(ReceivableId id) internal view returns (IReceivableToken.Receivable memory) {
        return _receivables[id];
    }

    function _holdingOf(ReceivableId id, address holder) internal view returns (ICirculation.Holding memory) {
        return _holdings[id][holder];
    }

    // Shares

    /// @param level what had been paid when the holder last took its share
    /// @return minor units of the payments since then that are its own, rounded down
    function _shareDown(ReceivableId id, IReceivableToken.Receivable memory its, uint256 units, uint256 level)
        internal
        view
        returns (uint256)
    {
        if (its.paid == its.faceValue) return units;
        if (level == its.paid || units == 0) return 0;
        uint256 left = units;
        FormerFaceValue[] storage formers = _formerFaceValues[id];
        uint256 count = formers.length;
        for (uint256 i = 0; i < count; ++i) {
            FormerFaceValue memory former = formers[i];
            if (former.paid <= level) continue;
            left = Math.ceilDiv(left * (former.faceValue - former.paid), former.faceValue - level);
            level = former.paid;
        }
        return units - Math.ceilDiv(left * (its.faceValue - its.paid), its.faceValue - level);
    }

    /// @dev Sets the holder's share aside, so that nobody waits for its claim.
    function _bringUpToDate(ReceivableId id, uint56 paid, address holder, ICirculation.Holding storage held) internal {
        uint256 level = held.syncedPaid;
        if (level == paid) return;
        // Safe: a share is at most the holder's units.
        uint56 share = uint56(_shareDown(id, _recordOf(id), held.units, level));
        held.syncedPaid = paid;
        if (share == 0) return;
        held.units -= share;
        held.setAside += share;
        emit ICirculation.ProceedsSetAside(id, holder, share);
        emit TransferSingle(holder, holder, address(0), ReceivableId.unwrap(id), share);
    }

    /// @return whether the debtor owes it: it was accepted and is not at an end
    function _isOwed(IReceivableToken.State state) internal pure returns (bool) {
        return state == IReceivableToken.State.Accepted || state == IReceivableToken.State.Disputed
            || state == IReceivableToken.State.Defaulted;
    }

    // Rules

    function _setRules(ICirculation.CirculationRules memory rules) internal {
        bool tenorsFit = rules.ordinaryTenorDays != 0 && rules.ordinaryTenorDays <= rules.mostTenorDays
            && rules.mostTenorDays <= TENOR_CEILING_DAYS;
        require(
            tenorsFit,
            ICirculation.TenorRulesOutOfRange(rules.mostTenorDays, rules.ordinaryTenorDays, TENOR_CEILING_DAYS)
        );
        bool partsFit = rules.mostTier != 0 && rules.smallestPart != 0;
        require(partsFit, ICirculation.PartRulesOutOfRange(rules.mostTier, rules.smallestPart));
        require(rules.graceDays <= MOST_GRACE_DAYS, ICirculation.GraceOutOfRange(rules.graceDays, MOST_GRACE_DAYS));
        _rules = RulesInForce(
            rules.mostTenorDays,
            rules.ordinaryTenorDays,
            rules.mostTier,
            rules.mostTransfers,
            rules.smallestPart,
            rules.graceDays,
            _rules.stopped
        );
        emit ICirculation.CirculationRulesSet(rules);
    }

    // Checks

    /// @return organisation of an account that may act now and has one of the roles
    function _organisationOf(address account, uint32 anyOfRoles) internal view returns (OrganisationId) {
        return IOrganisationLookup(address(_registry)).requireRole(account, anyOfRoles);
    }

    function _requireRunning(ICirculation.Stoppable what) internal view {
        require(_rules.stopped & _bitOf(what) == 0, ICirculation.FunctionIsStopped(what));
    }

    function _bitOf(ICirculation.Stoppable what) internal pure returns (uint8) {
        return uint8(1 << uint8(what));
    }

    function _requireState(ReceivableId id, IReceivableToken.State state, IReceivableToken.State needed) internal pure {
        require(state == needed, IReceivableToken.ReceivableStateWrong(id, state, needed));
    }

    function _requireDebtor(ReceivableId id, IReceivableToken.Receivable memory its, address account) internal view {
        OrganisationId caller = _organisationOf(account, Roles.DEBTOR);
        require(caller == its.debtor, IReceivableToken.NotDebtorOf(id, caller, its.debtor));
    }

    /// @return Unix seconds: the due date is over at the end of its day, and so is each day of grace
    function _defaultedFrom(IReceivableToken.Receivable memory its) internal view returns (uint256) {
        return (uint256(its.dueDate) + 1 + _rules.graceDays) * 1 days;
    }

    function _endCustody(ReceivableId id, uint8 custodian, address holder, uint256 units) internal {
        bool ended = custodian != 0 && units == 0 && _custodianAt[custodian] == holder;
        if (ended) _receivables[id].custodian = 0;
    }
}
