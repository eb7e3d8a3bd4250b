// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConditionGrades} from "../../oracle/interfaces/IConditionGrades.sol";
import {LotId} from "../../types/Ids.sol";

/// @title What goods in a warehouse are worth to a lender: the quantity in custody at the median price, less haircuts by
/// commodity, condition, age and freshness of what is known. Fails closed: what cannot be known at this moment is worth
/// nothing. A lower price, a worse or older reading, older goods never raise a value. While more of a consignment has left its
/// warehouse than was ordered, by what a quorum has attested, all goods of it are worth nothing: an order of that exit, which
/// who owns and who holds the goods agree to, explains it once it is confirmed.
/// @dev A lot whose consignment was attested as lost (`ILosses`) no earlier than it came in has the worst grade, so that
/// its value and its ceiling are 0 and known to be: a margin call need not wait for news that will not come. A part that is
/// lost counts as all, because the fact names a quantity and not the lot. While witnesses dispute how much, the gap is
/// `Condition`, which lends nothing and calls nobody.
interface IGoodsValuation {
    /// @notice Why goods cannot be valued at this moment. `Condition`: a reading that the commodity needs is missing or
    /// stale, or the lot is not graded; the price is known then. `Price`, `Rate`: stale or missing. `Terms`: nobody has
    /// said how the commodity is valued. `Unit`: the lot is counted in another unit than the price.
    enum Gap {
        None,
        Condition,
        Price,
        Rate,
        Terms,
        Unit
    }

    /// @notice What is wrong with terms: the commodity's code, the feed (no price for a unit of goods), a haircut above 10000
    /// bps, the grades', ages' or staleness' haircuts, or a condition that is none.
    enum Flaw {
        Commodity,
        Feed,
        Haircut,
        Grades,
        Ages,
        Staleness,
        Conditions
    }

    /// @notice What is taken off from some age on, in place of what the steps before took off.
    /// @param from of goods whole days since they came in, of what is known seconds since it was observed
    /// @param haircutBps share of the value at the median price; 500 = 5 %
    struct Step {
        uint32 from;
        uint16 haircutBps;
    }

    /// @notice How goods of a commodity are valued. Haircuts add up; at 10000 bps and more nothing is left.
    /// @param priceFeed policy of `IFeedOracle`, a price for one unit of the goods
    /// @param haircutBps share taken off in any case
    /// @param gradeHaircutsBps shares taken off by the grade of the condition, 0 to 5; none falls, the last is 10000
    /// @param ages up to four steps by days in the warehouse, rising, and what they take off not falling
    /// @param staleness up to four steps by seconds since the oldest of what is known (price, and readings of the
    /// conditions) was observed, likewise
    /// @param daysBeforeExpiry so many days before the goods' last day they lend nothing any more; 0: up to that day
    /// @param conditions that must be known, one bit each: 1 << `IFeedOracle.Kind`; 0 where the goods need no sensor
    struct Terms {
        bytes32 priceFeed;
        uint16 haircutBps;
        uint16[6] gradeHaircutsBps;
        Step[] ages;
        Step[] staleness;
        uint16 daysBeforeExpiry;
        uint8 conditions;
    }

    /// @notice What goods are worth, in minor units of the currency asked for; 0 where it is not known.
    /// @param quantity thousandths that count: in custody for the owner and not about to leave, at most what was asked for
    /// @param marketValue at the median price, before haircuts; known where the gap is `None` or `Condition`
    /// @param ceiling what the value would be if everything were fresh and no worse than last known; 0 of goods whose
    /// condition has never been known. Never below the value
    /// @param value what may count as collateral; 0 unless the gap is `None`
    /// @param haircutBps what the value has taken off, at most 10000
    /// @param grade condition, 0 (as it should be) to 5: the worse of what the lot and its readings say
    struct Valuation {
        uint256 quantity;
        uint256 marketValue;
        uint256 ceiling;
        uint256 value;
        uint16 haircutBps;
        uint8 grade;
        Gap gap;
    }

    /// @notice Goods of the commodity are valued so from now on.
    event ValuationTermsSet(bytes8 indexed commodity, Terms terms);

    /// @notice Goods have left at this exit that no order explains: nothing of the consignment lends anything.
    event ExitAmiss(bytes32 indexed subject, uint32 indexed sequence);

    /// @notice No quorum has attested the exit, or it has an order that is open or explains it.
    error ExitNotAmiss(bytes32 subject, uint32 sequence);
    /// @notice An exit of the consignment that no order explains, and that took place no earlier, has been reported already.
    error ExitReportedAlready(bytes32 subject, uint32 sequence);
    /// @notice The terms cannot be set, because of this.
    error ValuationTermsInvalid(bytes8 commodity, Flaw flaw);

    /// @notice Sets how goods of a commodity are valued, those that are pledged already too. Credit officer only.
    /// @dev Warning: harsher terms may call margin from financings that are open.
    /// @param commodity digits of the Harmonized System's code, as lots name it
    function setTerms(bytes8 commodity, Terms calldata terms) external;

    /// @notice Has a lot graded by its readings from now on, where there are rules for its commodity (`IConditionGrades`);
    /// what was measured before counts. Anyone; again, or without rules, it changes nothing.
    function enrol(LotId lot) external;

    /// @notice Tells of an exit that a quorum has attested and no order explains, where its number is not the next: that one
    /// is looked at unasked. Anyone. One at a time; another once it is explained, or if it took place later.
    function reportExit(bytes32 subject, uint32 sequence) external;

    /// @notice Looks no more at exits that are explained, from the first on: of more than sixteen at once the condition is
    /// not known. Anyone.
    /// @return passed number up to which all are
    function passExits(bytes32 subject) external returns (uint32 passed);

    /// @notice What units of a lot that a custodian holds for their owner are worth now.
    /// @param most thousandths that may count
    /// @param currency ISO 4217
    function valuationOf(LotId lot, address owner, uint256 most, bytes3 currency)
        external
        view
        returns (Valuation memory);

    /// @return most minor units that goods in custody would be worth at the last price and rate that there were, however old
    /// those are, if they were no worse than last known: what they count with at a margin call while others have a price.
    /// 0 where one of these was never known
    function lastCeilingOf(LotId lot, address owner, bytes3 currency) external view returns (uint256 most);

    /// @return whether a quorum has attested the exit, disputed or not
    function hasLeft(bytes32 subject, uint32 sequence) external view returns (bool);

    /// @return where the condition of goods is read
    function grades() external view returns (IConditionGrades);

    /// @return how goods of a commodity are valued; all zero where nobody has said
    function termsOf(bytes8 commodity) external view returns (Terms memory);
}
