// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GoodsCodes} from "../libraries/GoodsCodes.sol";
import {IConditionGrades} from "../oracle/interfaces/IConditionGrades.sol";
import {IFeedOracle} from "../oracle/interfaces/IFeedOracle.sol";
import {ILosses} from "../oracle/interfaces/ILosses.sol";
import {IMilestoneOracle} from "../oracle/interfaces/IMilestoneOracle.sol";
import {LotId} from "../types/Ids.sol";
import {Rates} from "../types/Rates.sol";
import {GoodsExits} from "./GoodsExits.sol";
import {HaircutSchedule, HaircutSteps} from "./HaircutSteps.sol";
import {IGoodsRights} from "./interfaces/IGoodsRights.sol";
import {IGoodsValuation} from "./interfaces/IGoodsValuation.sol";
import {IWarehouseReceiptToken} from "./interfaces/IWarehouseReceiptToken.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Values goods in custody from state alone: quantity by the token, price and rate by the feeds, condition by the
/// grades. It keeps the lenders' terms of each commodity, and nothing about any lot. Goods that are attested as lost, or of a
/// consignment of which more has left than was ordered, are of the worst condition.
contract GoodsValuation is AccessManaged, GoodsExits {
    uint8 private constant WORST = 5;
    uint256 private constant GRADES = 6;
    uint256 private constant GOODS_DIGITS = 3;
    /// @dev The conditions among `IFeedOracle.Kind`, from temperature on.
    uint256 private constant CONDITIONS = 1 << uint8(IFeedOracle.Kind.Temperature) | 1
        << uint8(IFeedOracle.Kind.Humidity) | 1 << uint8(IFeedOracle.Kind.Shock) | 1 << uint8(IFeedOracle.Kind.Door);

    /// @dev Four words. What a feed's values mean is fixed once it is set, and so copied.
    /// @param unit that the price is for (Rec 20)
    /// @param currency of the price
    /// @param exponent minor units of the currency = thousandths * price / 10^exponent
    struct Stored {
        bytes32 priceFeed;
        HaircutSchedule ages;
        uint16 haircutBps;
        uint16 daysBeforeExpiry;
        uint8 conditions;
        HaircutSchedule staleness;
        bytes3 unit;
        bytes3 currency;
        int8 exponent;
        uint16[GRADES] gradeHaircutsBps;
    }

    /// @dev What is known of goods while they are valued.
    /// @param known whether every condition that is asked for is
    /// @param seen whether every condition that is asked for has ever been
    /// @param observedAt moment of the oldest of what is known, Unix seconds
    struct Findings {
        bool known;
        bool seen;
        uint8 grade;
        uint256 observedAt;
    }

    IFeedOracle public immutable feeds;
    IConditionGrades public immutable grades;
    ILosses public immutable losses;

    mapping(bytes8 commodity => Stored) private _terms;

    constructor(
        IWarehouseReceiptToken goods_,
        IFeedOracle feeds_,
        IConditionGrades grades_,
        IMilestoneOracle oracle_,
        address authority
    ) AccessManaged(authority) GoodsExits(goods_, oracle_) {
        (feeds, grades, losses) = (feeds_, grades_, ILosses(address(oracle_)));
    }

    // Credit officer

    /// @inheritdoc IGoodsValuation
    function setTerms(bytes8 commodity, Terms calldata terms) external restricted {
        _requireSound(commodity, terms);
        Stored storage its = _terms[commodity];
        (its.priceFeed, its.haircutBps, its.gradeHaircutsBps) =
        (terms.priceFeed, terms.haircutBps, terms.gradeHaircutsBps);
        (its.ages, its.staleness) = (HaircutSteps.pack(terms.ages), HaircutSteps.pack(terms.staleness));
        (its.daysBeforeExpiry, its.conditions) = (terms.daysBeforeExpiry, terms.conditions);
        _copyMeaning(commodity, terms.priceFeed, its);
        emit ValuationTermsSet(commodity, terms);
    }

    // Anyone

    /// @inheritdoc IGoodsValuation
    function enrol(LotId lot) external {
        bytes32 commodity = goods.goods(lot).commodity;
        if (grades.rulesVersionOf(commodity) != 0) grades.enrol(goods.subjectOf(lot), commodity);
    }

    // Views

    /// @inheritdoc IGoodsValuation
    function valuationOf(LotId lot, address owner, uint256 most, bytes3 currency)
        external
        view
        returns (Valuation memory its)
    {
        IGoodsRights.Appraisal memory seen = goods.appraisalOf(lot, owner);
        its.quantity = Math.min(most, seen.pledged);
        if (its.quantity == 0) return its;
        Stored storage terms = _terms[seen.commodity];
        Findings memory found;
        uint256 gross;
        (its.gap, gross, found.observedAt) = _priced(terms, its.quantity, seen.unit, currency);
        if (its.gap != Gap.None) return its;

        _examine(found, terms, lot, seen);
        its.grade = found.grade;
        uint256 lasting = _lastingHaircut(terms, seen, found.grade);
        its.marketValue = _inCurrency(terms, gross, currency);
        if (found.seen) its.ceiling = _inCurrency(terms, _less(gross, lasting), currency);
        uint256 haircutBps = Math.min(lasting + terms.staleness.reachedAt(_since(found.observedAt)), Rates.BPS);
        // Safe: at most 10000.
        its.haircutBps = uint16(haircutBps);
        if (found.known) its.value = _inCurrency(terms, _less(gross, haircutBps), currency);
        else its.gap = Gap.Condition;
    }

    /// @inheritdoc IGoodsValuation
    function lastCeilingOf(LotId lot, address owner, bytes3 currency) external view returns (uint256) {
        IGoodsRights.Appraisal memory seen = goods.appraisalOf(lot, owner);
        Stored storage terms = _terms[seen.commodity];
        if (seen.pledged == 0 || terms.unit != seen.unit) return 0;
        int256 price = feeds.record(terms.priceFeed).value;
        if (price <= 0) return 0;
        Findings memory found;
        _examine(found, terms, lot, seen);
        if (!found.seen) return 0;
        uint256 gross = _grossOf(terms, seen.pledged, uint256(price));
        return _atLastRate(_less(gross, _lastingHaircut(terms, seen, found.grade)), terms.currency, currency);
    }

    /// @inheritdoc IGoodsValuation
    function termsOf(bytes8 commodity) external view returns (Terms memory) {
        Stored storage its = _terms[commodity];
        return Terms(
            its.priceFeed,
            its.haircutBps,
            its.gradeHaircutsBps,
            its.ages.unpack(),
            its.staleness.unpack(),
            its.daysBeforeExpiry,
            its.conditions
        );
    }

    // Internals: terms

    function _requireSound(bytes8 commodity, Terms calldata terms) private pure {
        _require(GoodsCodes.isCommodity(commodity), commodity, Flaw.Commodity);
        _require(terms.haircutBps <= Rates.BPS, commodity, Flaw.Haircut);
        for (uint256 i = 1; i < GRADES; ++i) {
            _require(terms.gradeHaircutsBps[i] >= terms.gradeHaircutsBps[i - 1], commodity, Flaw.Grades);
        }
        // The worst grade lends nothing, and so none is above 10000.
        _require(terms.gradeHaircutsBps[WORST] == Rates.BPS, commodity, Flaw.Grades);
        _require(HaircutSteps.areSound(terms.ages), commodity, Flaw.Ages);
        _require(HaircutSteps.areSound(terms.staleness), commodity, Flaw.Staleness);
        _require(terms.conditions & ~CONDITIONS == 0, commodity, Flaw.Conditions);
    }

    function _require(bool sound, bytes8 commodity, Flaw flaw) private pure {
        require(sound, ValuationTermsInvalid(commodity, flaw));
    }

    function _copyMeaning(bytes8 commodity, bytes32 feed, Stored storage its) private {
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory meaning) = feeds.policy(feed);
        bool priced = rules.kind == IFeedOracle.Kind.Price && meaning.baseDigits == GOODS_DIGITS;
        _require(priced && GoodsCodes.isUnit(meaning.base), commodity, Flaw.Feed);
        // Safe: each of them is at most 18.
        its.exponent = int8(rules.decimals + meaning.baseDigits) - int8(meaning.quoteDigits);
        (its.unit, its.currency) = (meaning.base, meaning.quote);
    }

    // Internals: what is known

    /// @return gap None where price and rate are known
    /// @return gross at the median price, in minor units of its currency
    /// @return observedAt moment of the oldest reading of the price, Unix seconds
    function _priced(Stored storage terms, uint256 quantity, bytes3 unit, bytes3 currency)
        private
        view
        returns (Gap gap, uint256 gross, uint256 observedAt)
    {
        bytes32 feed = terms.priceFeed;
        if (feed == 0) return (Gap.Terms, 0, 0);
        if (terms.unit != unit) return (Gap.Unit, 0, 0);
        (IFeedOracle.Status status, int256 price, uint64 moment) = feeds.latest(feed);
        // A band is above zero, and so is a price within it; this says so once more where money depends on it.
        if (status != IFeedOracle.Status.Usable || price <= 0) return (Gap.Price, 0, 0);
        if (!_isRateUsable(terms.currency, currency)) return (Gap.Rate, 0, 0);
        return (Gap.None, _grossOf(terms, quantity, uint256(price)), moment);
    }

    function _isRateUsable(bytes3 from, bytes3 to) private view returns (bool) {
        return from == to || feeds.rateStatus(from, to) == IFeedOracle.Status.Usable;
    }

    /// @dev The lot's own condition and what its readings say: the worse of both.
    function _examine(Findings memory found, Stored storage terms, LotId lot, IGoodsRights.Appraisal memory seen)
        private
        view
    {
        bytes32 subject = goods.subjectOf(lot);
        uint256 conditions = terms.conditions;
        (found.known, found.seen, found.grade) = _graded(subject, seen.commodity, conditions);
        uint8 own = seen.condition < WORST ? seen.condition : WORST;
        if (own > found.grade) found.grade = own;
        for (uint256 kind; conditions >> kind != 0; ++kind) {
            if (conditions >> kind & 1 == 0) continue;
            // Safe: only bits of kinds are set.
            (IFeedOracle.Status status,, uint64 moment) = feeds.condition(IFeedOracle.Kind(kind), subject);
            if (status != IFeedOracle.Status.Usable) found.known = false;
            if (moment == 0) found.seen = false;
            found.observedAt = Math.min(found.observedAt, moment);
        }
        _lookForLoss(found, subject, seen.enteredAt);
        _lookForExits(found, subject, seen.enteredAt);
    }

    /// @dev Lost goods are known to be worth nothing, so that margin can be called; while witnesses only dispute how much
    /// is lost the condition is not known, which stops draws alone. What was lost before a lot came in is not of the lot.
    function _lookForLoss(Findings memory found, bytes32 subject, uint256 enteredAt) private view {
        (IMilestoneOracle.Status loss, uint256 lostAt) = losses.lossOf(subject);
        if (loss == IMilestoneOracle.Status.None || lostAt < enteredAt) return;
        if (loss == IMilestoneOracle.Status.Final) found.grade = WORST;
        else found.known = false;
    }

    /// @dev Goods that may have left are known to be worth nothing, so that margin can be called; while an order is yet to be
    /// confirmed the condition is not known, which stops draws alone. What left before a lot came in is not of the lot.
    function _lookForExits(Findings memory found, bytes32 subject, uint256 enteredAt) private view {
        Exit gravest = _exitsOf(subject, enteredAt);
        if (gravest == Exit.Unexplained) found.grade = WORST;
        else if (gravest == Exit.Ordered) found.known = false;
    }

    /// @return known whether the grade may be relied on; without one, whether none is needed
    /// @return seen whether there is a grade, or none is needed
    /// @return grade by the readings; 0 where the lot is not graded
    function _graded(bytes32 subject, bytes8 commodity, uint256 conditions)
        private
        view
        returns (bool known, bool seen, uint8 grade)
    {
        IFeedOracle.Status status;
        (status, grade) = grades.gradeOf(subject);
        if (status == IFeedOracle.Status.Usable) return (true, true, grade);
        // Goods that were never graded and goods of which nothing has been read look the same.
        if (grades.lot(subject).rulesVersion != 0) return (false, true, grade);
        known = conditions == 0 && grades.rulesVersionOf(commodity) == 0;
        return (known, known, 0);
    }

    // Internals: figures

    /// @return minor units of the price's currency
    function _grossOf(Stored storage terms, uint256 quantity, uint256 price) private view returns (uint256) {
        // Safe: 56 bits times 88, times at most 10^18.
        uint256 gross = quantity * price;
        int256 exponent = terms.exponent;
        return exponent < 0 ? gross * 10 ** uint256(-exponent) : gross / 10 ** uint256(exponent);
    }

    /// @return bps, at most 10000, whatever the age of what is known
    function _lastingHaircut(Stored storage terms, IGoodsRights.Appraisal memory seen, uint8 grade)
        private
        view
        returns (uint256)
    {
        uint256 today = block.timestamp / 1 days;
        if (seen.expiryDate != 0 && today + terms.daysBeforeExpiry > seen.expiryDate) return Rates.BPS;
        uint256 byAge = terms.ages.reachedAt(_since(seen.enteredAt) / 1 days);
        return Math.min(uint256(terms.haircutBps) + terms.gradeHaircutsBps[grade] + byAge, Rates.BPS);
    }

    /// @dev Readings may lie ahead of the block's time, as far as their policy allows.
    function _since(uint256 moment) private view returns (uint256) {
        return block.timestamp > moment ? block.timestamp - moment : 0;
    }

    function _less(uint256 gross, uint256 haircutBps) private pure returns (uint256) {
        return Math.mulDiv(gross, Rates.BPS - haircutBps, Rates.BPS);
    }

    /// @dev However old the rate is, and without its haircut: what goods could be worth at most. 0 where there was none.
    function _atLastRate(uint256 amount, bytes3 from, bytes3 to) private view returns (uint256) {
        if (from == to) return amount;
        bytes32 feed = feeds.rateFeedOf(from, to);
        bool inverse = feeds.record(feed).round == 0;
        if (inverse) feed = feeds.rateFeedOf(to, from);
        int256 rate = feeds.record(feed).value;
        if (rate <= 0) return 0;
        (IFeedOracle.Rules memory rules, IFeedOracle.Terms memory terms) = feeds.policy(feed);
        uint256 quotes = uint256(rate) * 10 ** terms.quoteDigits;
        uint256 bases = 10 ** (uint256(rules.decimals) + terms.baseDigits);
        return inverse ? Math.mulDiv(amount, bases, quotes) : Math.mulDiv(amount, quotes, bases);
    }

    function _inCurrency(Stored storage terms, uint256 amount, bytes3 currency) private view returns (uint256) {
        bytes3 its = terms.currency;
        return its == currency ? amount : feeds.convert(amount, its, currency);
    }
}
