// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FinancingId, GroupId, OrganisationId} from "../../types/Ids.sol";
import {IFundingSource} from "./IFundingSource.sol";

/// @title How much of one source's money may stand behind one debtor, one seller's group, one country, one warehouse.
/// Principal out counts; the caps are absolute, in minor units, and looked at by every draw.
/// Debtor and seller's group are always counted, so that a cap on them may come at any time. The places (country and
/// warehouse) are counted for a source that has been given a cap in either of them before its first financing; a source
/// that has not can never be given one. So what is counted is always the whole of it: the sum of the principal of all of
/// the source's financings that have the key.
/// What a syndicate lends is its members' money: it counts against the caps of the syndicate, and by funding shares, rounded
/// up, against those of every member, together with what the member lends alone. The least room of all decides. Members are
/// asked for at the syndicate's first financing; from then on the places are counted if one of the members counts them, and
/// a member that does not count them then never can.
interface IConcentration {
    enum Dimension {
        Debtor,
        SellerGroup,
        Country,
        Warehouse
    }

    /// @notice Whose risk a financing is. A zero field is a dimension that does not apply.
    /// @param country ISO 3166-1 alpha-2 of the debtor
    /// @param warehouse organisation that keeps the goods
    struct Keys {
        OrganisationId debtor;
        GroupId sellerGroup;
        bytes2 country;
        OrganisationId warehouse;
    }

    /// @notice A member of a syndicate, or a syndicate of a member.
    /// @param fundingBps the member's share of every draw; 10000 = all of it
    struct Share {
        IFundingSource source;
        uint16 fundingBps;
    }

    /// @notice The cap of everyone in a dimension who has none of its own. `type(uint56).max` lifts it.
    /// @param cap minor units
    event DefaultCapSet(IFundingSource indexed source, Dimension indexed dimension, uint256 cap);
    /// @notice The cap of one debtor, group, country or warehouse.
    /// @param key organisation or group number, or the country's two letters, as a number
    /// @param cap minor units
    event CapSet(IFundingSource indexed source, Dimension indexed dimension, uint256 indexed key, uint256 cap);

    /// @notice The key has no cap of its own any more: the dimension's default applies to it again.
    event CapCleared(IFundingSource indexed source, Dimension indexed dimension, uint256 indexed key);
    /// @notice The source's countries and warehouses are counted from its first financing on.
    event PlacesCounted(IFundingSource indexed source);
    /// @notice The financing's principal counts against these keys of this source from now on.
    event FinancingAssigned(FinancingId indexed financing, IFundingSource indexed source, Keys keys);

    /// @notice The caller is not the financing desk.
    error OnlyDesk(address caller, address desk);
    /// @notice The cap is above what can be booked; both in minor units.
    error CapTooLarge(Dimension dimension, uint256 cap, uint256 most);
    /// @notice No organisation, group or country has this number: it is zero, or above `most`.
    error CapKeyInvalid(Dimension dimension, uint256 key, uint256 most);
    /// @notice Countries and warehouses of this source are not counted, and it is too late to begin.
    error PlacesUncounted(IFundingSource source, Dimension dimension);
    /// @notice The zero address lends nothing.
    error SourceZero(FinancingId financing);
    /// @notice Nobody has said whose risk the financing is.
    error FinancingUnassigned(FinancingId financing);
    /// @notice More comes back than is out against the key; both in minor units. Only an error of the desk can do it.
    error ExposureTooLow(Dimension dimension, uint256 key, uint256 amount, uint256 exposure);

    /// @notice Sets the cap of everyone in a dimension who has none of its own. Credit officer only. Until it is set
    /// there is no cap. A cap below what is out stops draws and calls nothing back. The first cap on a country or a
    /// warehouse must come before the source's first financing.
    /// @param cap minor units
    function setDefaultCap(IFundingSource source, Dimension dimension, uint256 cap) external;

    /// @notice Sets the cap of one debtor, group, country or warehouse. Credit officer only. `type(uint56).max` lifts it.
    /// @param key organisation or group number, or the country's two letters, as a number; never zero
    /// @param cap minor units
    function setCap(IFundingSource source, Dimension dimension, uint256 key, uint256 cap) external;

    /// @notice Takes the key's own cap away: the dimension's default applies to it again. Credit officer only.
    function clearCap(IFundingSource source, Dimension dimension, uint256 key) external;

    /// @notice Names whose risk a financing is. Desk only, when it opens, and when it moves to another source.
    /// @dev Warning: all that was taken must have been given back before a financing is assigned anew; what was taken is
    /// not remembered by financing.
    /// @return placed whether its places are counted, or members share it: then only `take` and `give` book it, which know
    /// them
    function assign(FinancingId financing, IFundingSource source, Keys calldata keys) external returns (bool placed);

    /// @notice Books a draw, as much of it as every cap leaves room for. Desk only.
    /// @param wanted minor units of principal
    /// @return granted minor units booked, at most `wanted`
    function take(FinancingId financing, uint256 wanted) external returns (uint256 granted);

    /// @notice Takes principal that has come back, or has been written off, off the books. Desk only.
    /// @param amount minor units, at most what `take` has granted
    function give(FinancingId financing, uint256 amount) external;

    /// @notice `take` for a financing that is not `placed`, by what it was assigned: so that this need not be read again.
    /// Desk only, which keeps it.
    function takeBy(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 wanted)
        external
        returns (uint256 granted);

    /// @notice `give` for a financing that is not `placed`, by what it was assigned. Desk only, which keeps it.
    function giveBy(IFundingSource source, OrganisationId debtor, GroupId sellerGroup, uint256 amount) external;

    /// @return minor units that every cap of the financing leaves room for now
    function room(FinancingId financing) external view returns (uint256);
    /// @return minor units out against the key
    function exposureOf(IFundingSource source, Dimension dimension, uint256 key) external view returns (uint256);
    /// @return minor units; `type(uint56).max` where there is no cap
    function capOf(IFundingSource source, Dimension dimension, uint256 key) external view returns (uint256);
    /// @return whether the source's countries and warehouses are counted
    function countsPlaces(IFundingSource source) external view returns (bool);
    /// @return the members of a syndicate that lends already; none for a pool
    function membersOf(IFundingSource syndicate) external view returns (Share[] memory);
    /// @return the syndicates that lend the pool's money with that of others
    function syndicatesOf(IFundingSource pool) external view returns (Share[] memory);
    /// @return whose risk the financing is
    function keysOf(FinancingId financing) external view returns (Keys memory);
    /// @return whose money it counts against; zero where it has not been assigned
    function sourceOf(FinancingId financing) external view returns (IFundingSource);
}
