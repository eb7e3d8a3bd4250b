// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMilestoneOracle} from "../../oracle/interfaces/IMilestoneOracle.sol";
import {LotId, OrganisationId} from "../../types/Ids.sol";
import {ILots} from "./ILots.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

/// @title Who may dispose of goods in a warehouse, and how they leave it. The ERC-1155 balance is what an account
/// holds; the title is what it owns. They part when a custodian takes units: it holds them, for who has the title.
/// @dev ERC-1155 transfers move the holding, into custody and back to who has the title, and nothing else. The title
/// moves by its owner's word: its call, its signature, or a power of sale that it has given the custodian beforehand.
interface IGoodsRights is IERC1155 {
    /// @notice What an account owns of a lot, in one storage slot: each unit is in one of four places. Thousandths.
    /// @param free held by itself
    /// @param pledged held by the lot's custodian
    /// @param freeAside held by itself, ordered to leave the warehouse
    /// @param pledgedAside held by the lot's custodian, ordered to leave the warehouse
    /// @param sellable the custodian may sell what it holds; stays until it holds nothing
    struct Position {
        uint56 free;
        uint56 pledged;
        uint56 freeAside;
        uint56 pledgedAside;
        bool sellable;
    }

    /// @notice What a lender prices a pledge by.
    /// @param state Live where the account owns something
    /// @param condition 0 as they came in; the greater, the worse
    /// @param free thousandths of the unit that the account could give into custody
    /// @param pledged thousandths of the unit that the custodian holds for the account and that are not about to leave
    struct Appraisal {
        ILots.State state;
        bytes8 commodity;
        bytes3 unit;
        bytes5 place;
        OrganisationId operator;
        uint40 enteredAt;
        uint16 expiryDate;
        uint8 condition;
        uint56 free;
        uint56 pledged;
    }

    /// @notice A change of title that its owner signed for somebody else to send.
    /// @param holder the owner itself for what it holds; the custodian, which must agree, for what it holds
    /// @param quantity thousandths
    /// @param nonce the owner's next, as `nonces` tells
    /// @param deadline last moment (Unix seconds) at which it counts
    struct TitleTransfer {
        LotId id;
        address from;
        address to;
        address holder;
        uint256 quantity;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice Goods that are to leave the warehouse.
    /// @param quantity thousandths
    /// @param beneficiary who owns them
    /// @param holder the beneficiary itself for what it holds; the custodian, which must agree, for what it holds
    /// @param to account that may fetch them
    /// @param subject consignment that their exit will be a fact of: the lot's own, or one that the beneficiary's group
    /// has opened
    /// @param sequence number of the exit among those of the consignment, from 1; of one exit one order
    /// @param deadline moment (Unix seconds) after which it may lapse; at most 30 days away
    /// @param nonce the beneficiary's next, as `nonces` tells
    struct ReleaseOrder {
        LotId id;
        uint256 quantity;
        address beneficiary;
        address holder;
        address to;
        bytes32 subject;
        uint32 sequence;
        uint256 deadline;
        uint256 nonce;
    }

    /// @notice Title passed on. What the owner held goes along; what a custodian holds stays there.
    /// @param holder who holds the units after it
    /// @param quantity thousandths
    event TitleTransferred(
        LotId indexed id, address indexed from, address indexed to, address holder, uint256 quantity
    );
    /// @notice The custodian sold units for their owner, by its power of sale, and handed them over.
    /// @param quantity thousandths
    event SoldFromCustody(
        LotId indexed id, address indexed beneficiary, address indexed to, address custodian, uint256 quantity
    );
    /// @notice What the account gives into this custodian's hands from now on may be sold by it, or no longer.
    event PowerOfSaleSet(address indexed beneficiary, address indexed custodian, bool given);
    /// @notice Goods of one lot went back to their owner for goods of another. Quantities in thousandths.
    event CustodySubstituted(
        LotId indexed released,
        LotId indexed taken,
        address indexed beneficiary,
        address custodian,
        uint256 quantityReleased,
        uint256 quantityTaken
    );
    /// @notice The account agrees to what has this digest, as if it had signed it.
    event DigestApproved(address indexed by, bytes32 indexed digest, bool approved);
    /// @notice Units were set aside to leave the warehouse.
    /// @param digest what the order is known by
    event ReleaseOrdered(LotId indexed id, address indexed beneficiary, bytes32 indexed digest, ReleaseOrder order);
    /// @notice Goods have left the warehouse, and the books.
    /// @param quantity thousandths that left
    /// @param kept thousandths of the order that did not leave and are no longer set aside
    event GoodsReleased(
        LotId indexed id,
        address indexed beneficiary,
        bytes32 indexed digest,
        address to,
        uint256 quantity,
        uint256 kept
    );
    /// @notice More has left at this exit than its orders say, by more than the witnesses' tolerance: goods of the lot's
    /// consignment lend nothing until further orders of the same exit explain it.
    /// @param attested thousandths that have left, by the greatest measure
    /// @param ordered thousandths of them that are off the books
    event ExitExceeded(
        LotId indexed id, bytes32 indexed subject, uint32 indexed sequence, uint256 attested, uint256 ordered
    );
    /// @notice Orders explain by now what has left at an exit.
    event ExitReconciled(LotId indexed id, bytes32 indexed subject, uint32 indexed sequence);
    /// @notice Everything of the lot has left; its identifiers are free.
    event LotReleased(LotId indexed id);
    /// @notice The order's time was up and no exit reported; its units are no longer set aside.
    event ReleaseLapsed(LotId indexed id, address indexed beneficiary, bytes32 indexed digest);
    /// @notice The warehouse has not handed the goods over; its units are no longer set aside, and its exit is spent.
    event ReleaseDeclined(LotId indexed id, address indexed beneficiary, bytes32 indexed digest);

    /// @notice A holding moves into custody and back to who has the title only; the title moves by `transferTitle`.
    error HoldingStays(LotId lot, address from, address to);
    /// @notice Nothing is to be moved.
    error UnitsZero(LotId lot);
    /// @notice Another custodian (its index) already holds units of the lot.
    error AlreadyEncumbered(LotId lot, uint8 custodian);
    /// @notice The account is not the custodian that holds units of the lot, whose index is `custodian`; 0 for none.
    error NotCustodianOf(LotId lot, address account, uint8 custodian);
    /// @notice More than the custodian holds for the account and is not set aside; both in thousandths.
    error CustodyExceeded(LotId lot, address beneficiary, uint256 quantity, uint256 pledged);
    /// @notice Custodians have no title.
    error TitleToCustodian(LotId lot, address custodian);
    /// @notice The custodian may sell the units of one of the two owners and not those of the other; one holding could
    /// not be told from the other.
    error PowersOfSaleDiffer(LotId lot, address from, address to);
    /// @notice The owner has not given the custodian the power to sell.
    error PowerOfSaleMissing(LotId lot, address beneficiary, address custodian);
    /// @notice The goods offered are of another commodity.
    error CommoditiesDiffer(LotId lot, bytes8 commodity, LotId other, bytes8 otherCommodity);
    /// @notice Less is offered than is asked for; both in thousandths.
    error SubstituteTooSmall(LotId lot, uint256 quantity, uint256 needed);
    /// @notice The block's time is past the deadline; both in Unix seconds.
    error SignatureExpired(LotId lot, uint256 deadline, uint256 now_);
    /// @notice The account has neither sent, nor approved, nor signed this.
    error SignatureInvalid(LotId lot, address signer);
    /// @notice The deadline is past or too far ahead; all in Unix seconds.
    error OrderDeadlineOutOfRange(LotId lot, uint256 deadline, uint256 now_, uint256 latest);
    /// @notice Another order (its digest; 1 where it is done; 2 where more has left than was ordered, of a lot of another
    /// consignment) already has this exit, or its sequence is 0.
    error ExitTaken(bytes32 subject, uint32 sequence, bytes32 digest);
    /// @notice There is no such order, or it is done.
    error OrderNotOpen(bytes32 digest);
    /// @notice The exit does not stand, or nobody has measured it.
    /// @param quantity thousandths that may be relied on
    error ExitNotAttested(bytes32 subject, uint32 sequence, IMilestoneOracle.Status status, uint256 quantity);
    /// @notice The order's time is not up; both in Unix seconds.
    error OrderNotLapsed(bytes32 digest, uint256 deadline, uint256 now_);
    /// @notice The exit has been reported: it can only be confirmed.
    error ExitReported(bytes32 digest);

    /// @notice Lets a custodian sell what the caller gives into its hands from now on, or no longer. Whatever it
    /// already holds stays as it was given.
    function setPowerOfSale(address custodian, bool given) external;

    /// @notice Sells units that the caller holds in custody, by their owner's power: title and holding go to the buyer.
    /// The lot's custodian only; it and the buyer must be able to act. Whether the owner is does not matter: it gave the
    /// power when it could, and a freeze, a suspension or its leaving must not keep a debtor's goods from its lender.
    /// @dev Warning: a custodian that also sells by the owner's own will asks for itself whether the owner may act.
    /// @param quantity thousandths, not set aside
    function sellFromCustody(LotId id, address beneficiary, address to, uint256 quantity) external;

    /// @notice Gives units in the caller's custody back for as many or more of another lot, of the same commodity and
    /// unit, of the same owner, which has approved the caller as its operator. The first lot's custodian only.
    /// @param quantityHeld thousandths that go back
    /// @param quantityOffered thousandths that come in
    function substitute(LotId held, uint256 quantityHeld, LotId offered, uint256 quantityOffered, address beneficiary)
        external;

    /// @notice Takes units into the caller's custody, from an owner that has approved it as its operator: as a transfer to
    /// itself would, which it need not be asked about. Listed custodians only.
    /// @param quantity thousandths, not set aside
    /// @return held thousandths of the lot that it held for the owner before, set aside or not
    /// @return sellable whether the owner lets it sell what it has fetched
    function fetch(LotId id, address beneficiary, uint256 quantity) external returns (uint256 held, bool sellable);

    /// @notice Gives all that the caller holds for an owner back to it, as a transfer would; nothing where it holds nothing.
    /// The lot's custodian only.
    /// @return quantity thousandths that went back
    /// @return aside thousandths that it holds still, because they are set aside
    function giveBack(LotId id, address beneficiary) external returns (uint256 quantity, uint256 aside);

    /// @notice Passes the title to units that the caller holds itself; they go along.
    /// @param to admitted account, no custodian, not of the group that runs the warehouse
    /// @param quantity thousandths, not set aside
    function transferTitle(LotId id, address to, uint256 quantity) external;

    /// @notice Passes a title, sent by anyone. The owner, and the custodian where it holds the units, have each signed
    /// it (EIP-712; ERC-1271 for contracts), approved it by `approveDigest`, or send it.
    /// @param holderSignature the custodian's; empty where the owner holds the units
    function transferTitleBySignature(
        TitleTransfer calldata transfer,
        bytes calldata signature,
        bytes calldata holderSignature
    ) external;

    /// @notice Agrees to a change of title or a release order by its digest, as a signature would.
    /// @param approved false takes it back
    function approveDigest(bytes32 digest, bool approved) external;

    /// @notice Spends the caller's next nonce, so that what it has signed with it no longer counts.
    function voidNextSignature() external;

    /// @notice Sets units aside to leave the warehouse: until they have left, or the order is at an end, they can be
    /// neither moved nor ordered again. Beneficiary and custodian agree as in `transferTitleBySignature`.
    function orderRelease(ReleaseOrder calldata order, bytes calldata signature, bytes calldata holderSignature)
        external;

    /// @notice Takes goods off the books whose exit is attested: at most what was ordered, and at most the greatest
    /// measure of the witnesses, who agree within the policy's tolerance; goods that are gone must not go on backing a
    /// loan. The rest is no longer set aside. Where more has left than was ordered, the exit stays open to further orders of
    /// goods of the same consignment. Anyone, also past the deadline, and whoever is suspended or frozen: it records a
    /// fact.
    function confirmRelease(ReleaseOrder calldata order) external;

    /// @notice Ends an order whose deadline is past and whose exit nobody's quorum has reported. Anyone.
    function lapseRelease(ReleaseOrder calldata order) external;

    /// @notice Ends an order whose goods have not left. Any account of the organisation that runs the warehouse.
    function declineRelease(ReleaseOrder calldata order) external;

    /// @return what an account owns of a lot
    function position(LotId id, address beneficiary) external view returns (Position memory);
    /// @return thousandths that the account owns, whoever holds them
    function titleOf(LotId id, address beneficiary) external view returns (uint256);
    /// @notice What a lender prices by, in two storage reads where the account owns something.
    function appraisalOf(LotId id, address beneficiary) external view returns (Appraisal memory);
    /// @return whether the account lets the custodian sell what it gives into its hands
    function hasPowerOfSale(address beneficiary, address custodian) external view returns (bool);
    /// @return digest of the open order that has this exit; 1 where the exit is spent, 2 where more has left than was
    /// ordered, 0 where it is free. At the number 0: how many exits that are facts of other consignments are so exceeded by
    /// goods of this one
    function orderOfExit(bytes32 subject, uint32 sequence) external view returns (bytes32);
    /// @return whether the account has approved the digest
    function isApprovedDigest(address account, bytes32 digest) external view returns (bool);
    /// @return EIP-712 digest that the parties sign
    function titleTransferDigest(TitleTransfer calldata transfer) external view returns (bytes32);
    /// @return EIP-712 digest that the parties sign
    function releaseOrderDigest(ReleaseOrder calldata order) external view returns (bytes32);
}
