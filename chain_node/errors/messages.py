"""What each refusal of the contracts means, in business words, with the ids and the two values compared.

Keyed by the error's name, or by its signature (types, or the names) where two contracts use one name for two things.
"""

from __future__ import annotations

from typing import Final

TEMPLATES: Final[dict[str, str]] = {
    # Who may act
    "NotAdmitted": "account {account} belongs to no participant of this network",
    "AccountIsFrozen": "account {account} is frozen",
    "OrganisationIsSuspended": "account {account} may not act: organisation {organisation} is suspended",
    "KycExpired": "account {account} may not act: its due diligence expired at {expiredAt}, it is now {now_}",
    "KycInPast": "the due diligence of {lei} would end at {expiresAt}, which is not after now, {now_}",
    "RoleMissing": "account {account} needs the role {needed}; it holds {held}",
    "RolesUnknown": "the roles ({roles}) are not all known; known are {known}",
    "LeiInvalid": "{lei} is not a valid LEI",
    "JurisdictionInvalid": "{jurisdiction} is not an ISO 3166-1 country code",
    "OrganisationExists": "{lei} is already a participant, as organisation {organisation}",
    "OrganisationUnknown": "{lei} is not a participant of this network",
    "AccountExists": "account {account} already belongs to organisation {organisation}",
    "AccountUnknown": "account {account} belongs to no participant of this network",
    "AccountsFull": "{lei} already has the most accounts an organisation may have, {most}",
    "AccountZero": "the zero address cannot be an account",
    "ModuleUnknown": "the network's directory has no contract named {name}",
    "ModuleHasNoCode": "the directory cannot list {module} as {name}: there is no contract at that address",
    "AccessManagedUnauthorized": "account {caller} does not hold the office that this takes",
    "AccessManagedRequiredDelay": "account {caller} may do this only {delay} seconds after scheduling it",
    "AccessManagedInvalidAuthority": "{authority} cannot be the authority of a contract",
    "AccessManagerAlreadyScheduled": "operation {operationId} is already scheduled",
    "AccessManagerNotScheduled": "operation {operationId} is not scheduled",
    "AccessManagerNotReady": "operation {operationId} is scheduled, but its delay has not passed",
    "AccessManagerExpired": "operation {operationId} was not carried out in time and must be scheduled again",
    "AccessManagerLockedRole": "the office {roleId} cannot be changed",
    "AccessManagerLockedFunction": "the function {selector} cannot be given to an office",
    "AccessManagerBadConfirmation": "an office can be given up only by the account that holds it",
    "AccessManagerUnauthorizedAccount": "account {msgsender} does not hold the office {roleId}",
    "AccessManagerUnauthorizedCall": "account {caller} may not call {selector} of {target}",
    "AccessManagerUnauthorizedConsume": "contract {target} does not accept scheduled operations now",
    "AccessManagerUnauthorizedCancel": "account {msgsender} may not cancel what {caller} scheduled for {target}",
    "AccessManagerInvalidInitialAdmin": "{initialAdmin} cannot be the first administrator",
    "AlreadyHandedOver": "the network was already handed over to {governor}",
    "GovernorIsDeployer": "the deployer {governor} cannot be the governor",
    "DelayTooShort": "the office {office} for {account} needs a delay of {leastSeconds} seconds, not {delaySeconds}",
    "LeastDelayZero": "the governor's least delay cannot be zero",
    "OnlyDeployerBefore": "until the hand-over only the deployer may hold the office {office}, not {account}",
    "ParentNotUltimate": "{parentLei} is not an ultimate parent: its own group is {itsGroupLei}",
    "ModuleNameMissing": "a contract in the directory needs a name",
    "ReentrancyGuardReentrantCall": "a contract was called back while it was still at work",
    # Money
    "PaymentReferenceUsed": "the bank payment {paymentReference} has already been booked",
    "PaymentReferenceMissing": "a bank payment reference is needed",
    "AmountZero": "the bank payment {paymentReference} is of nothing",
    "CurrencyInvalid": "{currency} is not an ISO 4217 code",
    "RegistryZero": "a cash token needs a registry of participants",
    "ERC20InsufficientBalance": "account {sender} has {balance} minor units and needs {needed}",
    "ERC20InsufficientAllowance": "{spender} may take {allowance} minor units of the payer's cash and needs {needed}",
    "ERC20InvalidApprover": "{approver} cannot allow others to take its cash",
    "ERC20InvalidReceiver": "cash cannot be paid to {receiver}",
    "ERC20InvalidSender": "cash cannot be paid from {sender}",
    "ERC20InvalidSpender": "{spender} cannot be allowed to take cash",
    "ERC2612ExpiredSignature": "the signed permission to take cash expired at {deadline}",
    "ERC2612InvalidSigner": "the permission to take cash of {owner} is signed by {signer}",
    "InvalidAccountNonce": "the signature of {account} is out of order: the next number is {currentNonce}",
    "SafeERC20FailedOperation": "the cash token {token} refused the payment",
    # Receivables
    "CurrencyUnlisted": "{currency} is not a currency of this network",
    "CurrencyAlreadyListed": "{currency} is already a currency of this network",
    "CustodianAlreadyListed": "{custodian} is already a custodian",
    "CustodianHasNoCode": "there is no contract at {custodian}, which should keep invoices",
    "ReceivableIdZero": "an invoice needs a fingerprint that is not zero",
    "ReceivableExists": "invoice {id} is already registered (its state: {state})",
    "ReceivableUnknown": "there is no invoice {id}",
    "ReceivableStateWrong": "invoice {id} is {state}; this takes one that is {needed}",
    "FaceValueOutOfRange": "invoice {id} has a face value of {faceValue} minor units; it must be from 1 to {most}",
    "QuantityOutOfRange": "invoice {id} has a quantity of {quantity} thousandths; the most is {most}",
    "DueDateOutOfRange": "invoice {id} is due on {dueDate}; it must be from {earliest} to {latest}",
    "DebtorIsSupplier": "invoice {id} names a debtor of the supplier's own group, organisation {organisation}",
    "NotDebtorOf": "organisation {caller} is not the debtor of invoice {id}; organisation {debtor} is",
    "NotSupplierOf(uint256,uint24,uint24)": (
        "organisation {caller} is not the supplier of invoice {id}; organisation {supplier} is"
    ),
    "AcceptanceDiffers": (
        "invoice {id} is registered over {registeredFaceValue} minor units, quantity {registeredQuantity}, due "
        "{registeredDueDate}; the acceptance says {faceValue}, {quantity}, {dueDate}"
    ),
    "SignatureExpired": "the signed acceptance of invoice {id} expired at {deadline}; it is now {now_}",
    "SignatureInvalid": "the acceptance of invoice {id} is not signed by {signer}",
    "NotTransferable": "invoice {id} cannot change hands: it is {state}; this takes one that is {needed}",
    "AlreadyEncumbered": "invoice {id} is already pledged (custodian {custodian})",
    "PaymentZero": "a payment on {id} of nothing is refused",
    "PaymentExceedsOutstanding": "the payment of {amount} minor units on {id} exceeds the {outstanding} outstanding",
    "NothingToClaim": "{holder} has nothing to claim on invoice {id}",
    "ERC1155InsufficientBalance": "{sender} holds {balance} units of {tokenId} and needs {needed}",
    "ERC1155InvalidApprover": "{approver} cannot let others move what it holds",
    "ERC1155InvalidArrayLength": "{idsLength} items and {valuesLength} amounts do not match",
    "ERC1155InvalidOperator": "{operator} cannot be allowed to move what others hold",
    "ERC1155InvalidReceiver": "{receiver} cannot hold this",
    "ERC1155InvalidSender": "nothing can be moved from {sender}",
    "ERC1155MissingApprovalForAll": "{operator} may not move what {owner} holds",
    "AlreadyReserved": "the units of {holder} in invoice {id} are reserved for custodian {custodian} until {until}",
    "BatchGasTooLow": "too little gas was sent along for item {index} of the batch: {left} left, {needed} needed",
    "BatchSizeOutOfRange": "a batch of {size} calls is refused: from 1 to {most} are taken at once",
    "ConsentMissing": "the debtor has not consented to the cancellation of invoice {id}",
    "CustodianUnlisted": "{caller} is not a listed custodian of invoices",
    "DependencyZero": "a contract that this one needs has no address",
    "DilutionExceedsOutstanding": (
        "invoice {id} cannot be lowered by {amount} minor units: {outstanding} are outstanding"
    ),
    "DilutionExceedsUnits": "invoice {id} cannot be lowered by {amount} minor units: {units} can bear it",
    "DisputeAmountOutOfRange": (
        "a dispute of {amount} minor units on invoice {id} is refused: it must be from 1 to {most}"
    ),
    "DisputeTooLate": "invoice {id} could be disputed before {before}; it is now {now_}",
    "DisputesInvalid": "{proposed} cannot decide on disputes of invoices: {current} is set",
    "EvidenceMissing": "evidence is needed for what is said of invoice {id}: the hash of the document",
    "FunctionIsStopped": "the guardian has stopped this for now: {what}",
    "GraceOutOfRange": "{graceDays} days of grace are more than the most, {most}",
    "JustificationMissing": (
        "invoice {id} runs for {tenorDays} days, above the ordinary {ordinaryTenorDays}: a reason is needed"
    ),
    "NoDispute": "nothing is in dispute on invoice {id}",
    "NotCancellable": (
        "invoice {id} cannot be cancelled any more: {paid} minor units paid, {transfers} transfers, custodian "
        "{custodian}, {units} units with its supplier"
    ),
    "NotDisputes": "only the contract that decides on disputes may do this, not {caller}",
    "NotOverdue": "invoice {id} is in default from {from} at the earliest; it is now {now_}",
    "NotReservedBy": "the units of {holder} in invoice {id} are not reserved for {custodian}",
    "NothingToReserve": "{holder} has no units of invoice {id} to reserve",
    "PartHasNoCode": "there is no contract at {part}, which should hold a part of another contract's code",
    "PartRulesOutOfRange": (
        "the rules for parts make no sense: {mostTier} tiers, smallest part {smallestPart} minor units"
    ),
    "PartTooSmall": (
        "moving {units} units of invoice {id} and leaving {left} is refused: no part may be below {smallest}"
    ),
    "ReservationOutOfRange(id,until,earliest,latest)": (
        "invoice {id} cannot be reserved until {until}; it must be from {earliest} to {latest}"
    ),
    "ReservationOutOfRange(itemId,until,now_,latest)": (
        "item {itemId} cannot be reserved until {until}; it must be after now, {now_}, and by {latest}"
    ),
    "SetOffIsWaived": "the debtor has waived its objections to invoice {id}",
    "SetOffKept": (
        "invoice {id} cannot be passed to organisation {party}: its debtor may still object, so that it stays "
        "with organisation {supplier} and custodians"
    ),
    "TenorRulesOutOfRange": (
        "the rules for tenors make no sense: most {mostTenorDays} days, ordinarily {ordinaryTenorDays}, ceiling "
        "{ceiling}"
    ),
    "TierRaiseNotAgreed": (
        "account {holder} is at tier {had} with invoice {id}; these units would put it at {raised}, to which it has "
        "not agreed"
    ),
    "TierTooDeep": "invoice {id} would be passed on to tier {tier}; the deepest is {most}",
    "TooManyDilutions": "invoice {id} has been lowered {dilutions} times; the most is {most}",
    "TransfersExhausted": "{holder} has passed on parts of invoice {id} {transfers} times; the most is {most}",
    "UnitsZero": "moving no units of invoice {id} is refused",
    # Orders
    "OrderIdZero": "an order needs a fingerprint that is not zero",
    "OrderExists": "order {id} is already registered (its state: {state})",
    "OrderStateWrong": "order {id} is {state}; this takes one that is {needed}",
    "OrderValueOutOfRange": "order {id} has a value of {value} minor units; it must be from 1 to {most}",
    "OrderQuantityOutOfRange": "order {id} has a quantity of {quantity} thousandths; the most is {most}",
    "DeliverByOutOfRange": "order {id} is to be delivered by {deliverBy}; it must be from {earliest} to {latest}",
    "BuyerIsSeller": "order {id} names a buyer of the seller's own group, organisation {organisation}",
    "NotBuyerOf": "organisation {caller} is not the buyer of order {id}; organisation {buyer} is",
    "NotSellerOf": "organisation {caller} is not the seller of order {id}; organisation {seller} is",
    "AcceptanceDiffers(id,termsHash,registered)": (
        "order {id} is registered on terms with the hash {registered}; the acceptance is of {termsHash}"
    ),
    "AcceptanceExpired": "the acceptance of order {id} counted until {deadline}; it is now {now_}",
    "AcceptanceUnsigned": "{signer} has not signed this acceptance of order {id}",
    "OrderGraceOutOfRange": "order {id} has {graceDays} days of grace; the most is {most}",
    "DepositOutOfRange": "order {id} asks a deposit of {deposit} minor units; it is worth {value}",
    "OrderToleranceOutOfRange": (
        "order {id} allows {overBps} bps more and {underBps} bps less than ordered; the most is {most}"
    ),
    "LineCountOutOfRange": "order {id} has {count} lines; it must be from 1 to {most}",
    "LineInvalid": "line {index} of order {id} has the item {item} and the unit {unit}: one of them is none",
    "PayoutsInvalid": (
        "the payouts of order {id} are wrong at step {step}: 1 to 4 steps, milestones and shares rising to 10000 bps, "
        "and measured only where the order is"
    ),
    "OrderSubjectNotOf": (
        "consignment {subject} of order {id} is of group {beneficiary} (0: not opened), the seller of group {needed}"
    ),
    "SubjectOfOtherOrder": "the facts of consignment {subject} earn the money of order {other}, not of {id}",
    "EscrowPartHasNoCode": "{part} is no part of the escrow: there is no contract",
    "NotPartyOf": "organisation {caller} is neither seller nor buyer of order {id}",
    "RefundsAlreadyAssigned": "the refunds of order {id} are already assigned to {assignee}",
    "NotRefundAssigneeOf": "the refunds of order {id} are assigned to {assignee}, not to {caller}",
    "MatcherUnlisted": "{caller} may not count invoices in orders",
    "InvoicingNotPermitted": "the proceeds of order {id} are assigned to {assignee}, which permits no invoices",
    "SplitNotTheirs": (
        "the two sides of order {id} cannot split what is assigned: proceeds to {proceeds}, refunds to {refunds}"
    ),
    "SplitOutOfRange": "{toSeller} minor units are to go to the seller of order {id}; {held} are held",
    "RefundTooEarly": "what order {id} has not earned goes back from {from} on; it is now {now_}",
    "NothingToRefund": "nothing of order {id} is to go back to {beneficiary}",
    "DisputeUsed": "organisation {by} has had its dispute on order {id}",
    "DisputeRunning": "the dispute on order {id} runs until {until}; it is now {now_}",
    "DisputeEvidenceZero": "a dispute on order {id}, or its decision, needs a hash of the evidence",
    "DeliveryNotOffered": "the seller of order {id} does not offer the delivery {digest}",
    "DeliveryUnfunded": "the goods for order {id} cost {price} minor units; {held} are held",
    "NotAccountOf": "{account} is of organisation {its}; for order {id} it must be of {needed}",
    "GoodsUnsolicited": "goods of {token} were sent to the escrow by {operator}, unasked",
    "AlreadyMatched": "invoice {receivable} is already matched with order {order}",
    "MatchStateWrong": "invoice {receivable} is not accepted (its state: {state}), and so not matched",
    "MatchPartiesDiffer": (
        "order {order} is between {seller} and {buyer}, invoice {receivable} between {supplier} and {debtor}"
    ),
    "MatchCurrenciesDiffer": "order {order} is paid in {cash}, invoice {receivable} in {invoiceCash}",
    "MatchUnmeasured": (
        "order {order} has a quantity of {ordered}, invoice {receivable} of {invoiced}: 0 is not measured"
    ),
    "MatchMissing": "facility {facility} lends on matched invoices only; invoice {receivable} is matched with no order",
    "MatchSubjectDiffers": "invoice {receivable} is matched with an order of consignment {own}; it is pledged with "
    "that, not with {subject}",
    "GoodsOfEndedOrder": "consignment {subject} was of order {order}, which has ended; invoice {receivable} is not "
    "matched with it",
    "ItemOfEarlierGoods": "the goods of order {itemId} had set out before it was registered: nothing is lent on it",
    "OrderSubjectHasFacts": "milestone {milestone} of consignment {subject} was attested before there was order {id}",
    "MatchNotBySeller": "organisation {caller} is not the seller of order {order}; organisation {seller} is",
    "SubjectNotItsOwn": "item {itemId} is of consignment {own}, not of {subject}",
    "ItemUnmatched": "no order is matched with invoice {itemId}",
    "AlreadyAssigned": "the proceeds of order {id} are already assigned to {assignee}",
    "NotAssigneeOf": "the proceeds of order {id} are assigned to {assignee}, not to {caller}",
    "AssigneeUnlisted": "{assignee} may not be an assignee of orders",
    # Goods as collateral
    "ValuationTermsInvalid": "goods of commodity {commodity} cannot be valued so: their {flaw} is out of range",
    "MarginTermsInvalid": "the terms for goods of facility {facility} are out of range",
    "MarginTermsUnfit": (
        "facility {facility} calls margin at {callLevelBps} bps (0: it has no terms for goods); that must be above the "
        "{rateBps} bps that it lends"
    ),
    "RecipientMissing": "the goods of financing {financing} go only to who owes the invoice that takes their place",
    "GoodsUnvaluable": "what the goods of financing {financing} are worth is not known: {gap}",
    "GoodsAlreadyHeld": "{quantity} thousandths of lot {lot} are already in custody for the same owner",
    "TooManyLots": "financing {financing} has {most} lots already, the most that it may have",
    "LotNotPledged": "lot {lot} does not back financing {financing}",
    "LotNotEmpty": (
        "lot {lot} stays with financing {financing}: {quantity} thousandths are in custody, or it is its first"
    ),
    "NotPledgorOf": "{caller} has not pledged the goods of financing {financing}; {pledgor} has",
    "GoodsLeaving": (
        "{quantity} thousandths of lot {lot} of financing {financing} are ordered to leave and not gone yet"
    ),
    "GoodsUncovered": "financing {financing} would owe {owed} minor units, and its goods would bear {base}",
    "ReleaseExceedsPayment": (
        "goods worth {value} minor units would leave financing {financing}; the payment frees at most {most}"
    ),
    "SubstituteWorthLess": "the goods of financing {financing} would be worth {value} minor units after {before}",
    "ExitNotAmiss": "exit {sequence} of consignment {subject} is not attested, or an order is open or explains it",
    "ExitReportedAlready": "exit {sequence} of consignment {subject} is reported already, and nothing explains it",
    "ConsignmentsDiffer": "lot {lot} is of consignment {subject}, lot {other} of {otherSubject}",
    "OfferUnknown": "there is no offer {digest}, or no longer",
    "OfferNotTo": "the goods are offered to {buyer}, not to {caller}",
    "OfferLapsed": "the offer {digest} ended at {until}; it is now {now_}",
    "ReleaseOrderUnfit": (
        "the order of lot {lot} is of goods of {beneficiary} held by {holder}, not of those of financing {financing}"
    ),
    "LenderSignatureInvalid": (
        "{lender} is no credit officer, or has not signed the order {digest} of financing {financing}"
    ),
    "MarginSufficient": "financing {financing} owes {owed} minor units; its goods bear {most} before margin is called",
    "MarginCallOpen": "margin of financing {financing} has been called already; the deadline is {deadline}",
    "MarginCallMissing": "no margin of financing {financing} has been called, or the call is over",
    "CureTimeLeft": "the margin of financing {financing} can be mended until {deadline}; it is now {now_}",
    "MarginCallCured": "financing {financing} owes {owed} minor units, which its goods bear ({base}): nothing is sold",
    "MarginCallUncured": "financing {financing} owes {owed} minor units; its goods bear {base}",
    "SaleRunning": "the goods of financing {financing} are up for sale until {until}",
    "SaleNotRunning": "the goods of financing {financing} are not up for sale",
    "LotNotPutUp": "nothing of lot {lot} of financing {financing} was there to be put up for sale",
    "NothingToSell": "nothing is in custody for financing {financing} that could be sold",
    "BidOutOfRange": (
        "a bid for {quantity} thousandths of lot {lot} of financing {financing}: it takes at least {least}, or all of "
        "the {left} that are left"
    ),
    "BidExceedsDebt": (
        "fewer goods of financing {financing}, for {price} minor units, already pay the {owed} that are owed"
    ),
    "BidPriceTooHigh": "the goods of financing {financing} cost {price} minor units, more than the {most} offered",
    "BidderIsAffiliate": (
        "{bidder} is of the owner's group and must pay all of the {owed} that financing {financing} owes, not {price}"
    ),
    # Goods
    "LotIdZero": "a lot needs a fingerprint that is not zero",
    "GoodsStopped": "the guardian has stopped this of goods for now: {what}",
    "LotExists": "lot {lot} exists already, or has existed (its state: {state})",
    "LotNotLive": "lot {lot} is {state}; this takes one that is live",
    "QuantityOutOfRange(lot,quantity,most)": "lot {lot} is of {quantity} thousandths; it must be from 1 to {most}",
    "CodeInvalid": "lot {lot} has a code of a wrong shape: commodity {commodity}, unit {unit} or place {place}",
    "EntryInFuture": "lot {lot} is said to have come in at {enteredAt}; it is now {now_}",
    "ExpiredAtEntry": "the goods of lot {lot} expired on {expiryDate}, before they came in on {entryDate}",
    "IdentifierCountOutOfRange": "{count} identifiers for lot {lot} do not fit; the number or the most is {most}",
    "IdentifierZero": "an identifier of lot {lot} is zero",
    "IdentifierTaken": "the identifier {identifier} of lot {lot} is already in the live lot {holder}",
    "IdentifierElsewhere": "the identifier {identifier} is not in lot {lot}, but in {holder} (0: none)",
    "OwnerIsOperator": (
        "organisation {owner} cannot own goods of lot {lot}: organisation {operator}, of its group, runs the warehouse"
    ),
    "OperatorNotEngaged": (
        "organisation {owner} has not engaged the warehouse, organisation {operator}, which announces lot {lot}"
    ),
    "SubjectNotOf": (
        "consignment {subject} of lot {lot} belongs to group {beneficiary} (0: nobody has opened it), not to {needed}"
    ),
    "AlreadyAnnounced": "the entry {digest} is already announced, by {operator}",
    "NotAnnounced": "nobody has announced the entry {digest}, or it was withdrawn or minted",
    "NotOperatorOf": "organisation {caller} does not run the warehouse of lot {lot}; organisation {operator} does",
    "EntrySpent": "entry {sequence} of consignment {subject} has already become lot {lot}",
    "EntryNotAttested": (
        "entry {sequence} of consignment {subject} cannot be relied on: it is {status}, with {quantity} thousandths"
    ),
    "LotNotWhollyFree": "{caller} has {free} thousandths of lot {lot} free; this takes all that is left, {left}",
    "PartOutOfRange": (
        "a part of {quantity} thousandths and {identifiers} identifiers cannot be split off lot {lot}, which has "
        "{left} and {identifiersLeft}: a part has something of both, and leaves something"
    ),
    "LotsDiffer": "the lots {lot} and {other} are not alike, or are one and the same",
    "UnitsDiffer": "lot {lot} is counted in {unit}, lot {other} in {otherUnit}",
    "CommoditiesDiffer": "lot {lot} is of commodity {commodity}, lot {other} of {otherCommodity}",
    "ConditionNotWorse": "the condition of lot {lot} is {current} and cannot become {condition}, only worse",
    "GraderUnlisted": "{caller} may not lower the condition of goods",
    "NoCodeAt": "there is no contract at {account}",
    "HoldingStays": "lot {lot} cannot be moved from {from} to {to}: a holding goes into custody and back only",
    "UnitsZero(lot)": "moving nothing of lot {lot} is refused",
    "AlreadyEncumbered(lot,custodian)": "units of lot {lot} are already held by another custodian ({custodian})",
    "NotCustodianOf": "{account} is not the custodian of lot {lot}; number {custodian} is (0: nobody)",
    "CustodyExceeded": (
        "{quantity} thousandths of lot {lot} are asked for; the custodian holds {pledged} for {beneficiary} that are "
        "not about to leave"
    ),
    "TitleToCustodian": "the custodian {custodian} cannot own goods of lot {lot}",
    "PowersOfSaleDiffer": (
        "the custodian of lot {lot} may sell the goods of one of {from} and {to} and not of the other: they stay apart"
    ),
    "PowerOfSaleMissing": "{beneficiary} has not given {custodian} the power to sell its goods of lot {lot}",
    "SubstituteTooSmall": "{quantity} thousandths of lot {lot} are offered, and {needed} are needed",
    "SignatureExpired(lot,deadline,now_)": "what was signed of lot {lot} expired at {deadline}; it is now {now_}",
    "SignatureInvalid(lot,signer)": "{signer} has neither sent nor approved nor signed this for lot {lot}",
    "OrderDeadlineOutOfRange": ("the order of lot {lot} ends at {deadline}; it must be from now, {now_}, to {latest}"),
    "ExitTaken": "exit {sequence} of consignment {subject} is taken: {digest} (1: done; 2: exceeded by other goods)",
    "OrderNotOpen": "there is no open order {digest}",
    "ExitNotAttested": (
        "exit {sequence} of consignment {subject} cannot be relied on: it is {status}, with {quantity} thousandths"
    ),
    "OrderNotLapsed": "the order {digest} runs until {deadline}; it is now {now_}",
    "ExitReported": "the goods of the order {digest} are reported gone: it can only be confirmed",
    # Facts
    "SubjectExists": "consignment {subject} is already open",
    "SubjectUnopened": "consignment {subject} has not been opened",
    "SubjectZero": "a consignment needs an id that is not zero",
    "SubjectAlreadyWatched": "consignment {subject} already backs something at {consumer}",
    "TooManyConsumers": "consignment {subject} is watched by {most} contracts already, which is the most",
    "TagZero": "whoever watches consignment {subject} needs a number of its own that is not zero",
    "ReferenceTaken": "the reference {tradeReference} already belongs to consignment {subject}",
    "ReferenceZero": "a reference of consignment {subject} is empty",
    "TooManyReferences": "consignment {subject} is given {references} references at once; the most is {most}",
    "NotConsumerOf": "consignment {subject} is not watched by {caller}",
    "ConsumerHasNoCode": "there is no contract at {consumer}, which should act on facts",
    "NotBeneficiary": "group {caller} is not the beneficiary of consignment {subject}; group {beneficiary} is",
    "NotListedConsumer": "{caller} may not watch consignments",
    "PolicyInvalid": "the policy for milestone {milestone} makes no sense: {policy}",
    "ItemNotInVote": "the vote (mask {mask}) does not speak for item {index} of a list of {items}",
    "VoteOfOther": "the vote is of organisation {signer} (0: nobody's); organisation {caller} cannot retract it",
    "NothingToRetract": "milestone {milestone}, sequence {sequence} of consignment {subject} is {status}: no vote can "
    "be taken from it",
    "VoteNotCounted": "organisation {organisation} has no vote that milestone {milestone}, sequence {sequence} of "
    "consignment {subject} rests on",
    "VotesUnrelated": "the votes are not of one organisation on one fact: organisation {organisation} on consignment "
    "{subject}, organisation {otherOrganisation} on consignment {other}",
    "VotesReconcilable": "quantities {least} and {greatest} (thousandths) agree within {toleranceBps} basis points, or "
    "one was not measured",
    "BatchSizeWrong": "{observations} observations with {votes} votes: from 1 to {most} of each are taken at once",
    "GasTooLow": "too little gas was sent along: {left} left, {needed} needed",
    # Feeds and grades
    "FeedPolicyInvalid": "the policy {policyId} of a feed makes no sense: its {flaw}",
    "VersionNotNext": "the policy {policyId} has the version {version}; the next is {expected}",
    "FeedMeaningFixed": "what the values of {policyId} mean is fixed: another meaning needs another feed",
    "InverseRateExists": "{base} and {quote} already have a rate the other way round",
    "ReportsOutOfRange": "{reports} reports: from 1 to {most} are taken at once",
    "MarketInvalid": "{first} and {second} are one currency, or are exchanged already",
    "MarketUnknown": "nobody sells {sold} for {bought} here",
    "MarketWithoutFeed": "no feed gives the rate of {first} and {second}",
    "MarketClosed": "new quotes that sell {sold} for {bought} are not taken",
    "DigitsDiffer": "{cash} has {decimals} decimal places, its currency's feed says {feedDigits}",
    "BandTooWide": "quotes may lie at most {most} bps from the feed's rate, not {bandBps}",
    "QuoteAmountOutOfRange": "{dealer} cannot quote {amount} minor units: 1 to {most} can be quoted",
    "QuoteRateOutOfBand": "the rate {rate} is not between {least} and {greatest}",
    "QuoteExpiryOutOfRange": "a quote cannot end at {expiresAt}: after {now_} and by {latest} it can",
    "TakerOfOwnGroup": "{dealer} cannot quote to {taker}, which is of its own group",
    "PlacesTaken": "{most} dealers already sell {sold} for {bought} to everybody",
    "FreePositionTooSmall": "{dealer} has {free} minor units of {cash} that no quote locks, and needs {amount}",
    "PositionUnchanged": "an amount of nothing changes no position of {dealer}",
    "QuoteUnknown": "there is no quote {id}",
    "QuoteOver": "the quote {id} is over: it ended at {expiresAt}, with {left} minor units left",
    "QuoteBinding": "{caller} may not end the quote {id}, which stands until {expiresAt}",
    "NotTakerOf": "the quote {id} is for {taker}, not for {caller}",
    "ExchangeOfNothing": "{amount} minor units are worth less than one at the rate of the quote {id}",
    "DealerResting": "the quote {id} rests: its dealer {dealer} may not act now",
    "AgentUnlisted": "{caller} may not exchange for others",
    "NoMarket": "{from} is not exchanged for {to}",
    "NotForeign": "nothing that comes in on the financing {financing} is exchanged",
    "NotBorrowerOf": "{caller} is not the supplier of the financing {financing}, {supplier} is",
    "StillReserved": "the quote {quote} is reserved for the financing {financing} and not over",
    "QuoteOfOtherMarket": "the quote {quote} is not of the currencies of the financing {financing}",
    "QuoteUnfair": "the quote {quote} gives the financing {financing} less than the feed's rate less its haircut",
    "OnlyItself": "only the adapter {adapter} itself may do this, not {caller}",
    "RateNotUsable": "there is no rate from {from} to {to} that can be relied on: it is {status}",
    "OnlyKeeper": "only {keeper} keeps the ranges of conditions, not {caller}",
    "KeeperHasNoCode": "there is no contract at {keeper}, which should keep the ranges of conditions",
    "RangeInvalid": "no {kind} can be watched from {low} to {high}",
    "RangeUnwatched": "the {kind} of consignment {subject} is not watched",
    "FeedPolicyUnknown": "there is no feed policy {policyId}",
    "RuleInvalid": "rule {index} of commodity {commodity} makes no sense, or does not follow from the one before",
    "RulesOutOfRange": "commodity {commodity} is given {rules} rules; it takes from 1 to {most}",
    "CommodityUnknown": "commodity {commodity} has no rules",
    "AlreadyGraded": "lot {subject} is already graded, as commodity {commodity}",
    "NotGraded": "lot {subject} is not graded here",
    "ConsignmentUnopened": "consignment {subject}, whose goods should be graded, has not been opened",
    "EnrollerUnlisted": "{caller} may not enrol lots",
    "InspectorUnlisted": "account {caller} may not regrade: its organisation {organisation} is not a listed inspector",
    "InspectorIsAffiliate": "the inspector belongs to group {beneficiary}, which gains from consignment {subject}",
    "GradeOutOfRange": "lot {subject} cannot have the grade {grade}; the worst is {worst}",
    "InspectionMissing": "lot {subject} has no usable inspection {sequence}",
    "InspectionUsed": "inspection {sequence} of lot {subject} comes too late: the last used is {last}",
    "InspectionOutdated": (
        "the inspection of lot {subject} at {inspectedAt} is not after its last reading out of range, {outsideAt}"
    ),
    # Financing
    "FacilityUnknown": "there is no facility {facility}",
    "FacilityLimitOutOfRange": (
        "the facility for {supplier} has a limit of {limit} minor units; it must be from 1 to {most}"
    ),
    "DiscountRateTooHigh": (
        "the facility for {supplier} has a discount rate of {discountRateBps} bps per year; the most is {mostBps}"
    ),
    "FeeTooHigh": "the facility for {supplier} has a fee of {feeBps} bps of each draw; the most is {mostBps}",
    "FacilityEndInPast": "the facility for {supplier} would expire at {expiresAt}, which is not after now, {now_}",
    "FacilityExpired": "facility {facility} expired at {expiresAt}; it is now {now_}",
    "NotSupplierOf(uint64,address,address)": (
        "account {caller} is not the supplier of facility {facility}; {supplier} is"
    ),
    "CollateralUnlisted": "{collateral} is not a listed kind of collateral",
    "PoolUnlisted": "{pool} is not a listed pool",
    "FinancingUnknown": "there is no financing {financing}",
    "FinancingStateWrong": "financing {financing} is {state}; this takes one that is {needed}",
    "SubjectNotOfSupplier": (
        "consignment {subject} belongs to group {beneficiary}, not to the supplier's group {supplierGroup}"
    ),
    "StillOwed": "financing {financing} still owes {owed} minor units",
    "RepaymentZero": "a repayment of nothing on financing {financing} is refused",
    "OnlyCollateralOf": "only {collateral} may act for financing {financing}, not {caller}",
    "OnlyOracle": "only the oracle {oracle} may report facts, not {caller}",
    "ImpairmentExceedsPrincipal": (
        "an impairment of {impairment} minor units exceeds the principal of financing {financing}, {principal}"
    ),
    "NothingParked": "nothing is kept for {payee} in {cash}",
    "OnlyDesk": "only the financing desk {desk} may do this, not {caller}",
    "AmountTooLarge": "{amount} minor units are more than the most that can be booked, {most}",
    "LadderInvalid": "step {step} of the ladder for facility {facility} makes no sense",
    "LadderMissing": "facility {facility} has no ladder for this kind of collateral",
    "ItemNotFinanceable": "item {itemId} cannot be financed in its state ({state}); it must be accepted ({needed})",
    "ItemCurrencyDiffers": "item {itemId} is in the currency {cash}, the pool lends {poolCash}",
    "UnitsOutOfRange": "{units} units of item {itemId} are asked for, {available} can be pledged",
    "ItemUnknown": "there is no item {itemId}",
    "SubjectOfOtherItem": (
        "consignment {subject} cannot back item {itemId}: it already stands for another item, {otherItemId}"
    ),
    "UnsolicitedItem": "items arrive here by opening a financing only ({operator} sent one of {token})",
    "ImpairmentTooLarge": "an impairment of {impairment} minor units exceeds the principal lent, {principalOut}",
    "ERC4626ExceededMaxDeposit": "{receiver} may deposit at most {max} minor units, {assets} were offered",
    "ERC4626ExceededMaxMint": "{receiver} may buy at most {max} shares, {shares} were asked for",
    "ERC4626ExceededMaxRedeem": "{owner} may redeem at most {max} shares now, {shares} were asked for",
    "ERC4626ExceededMaxWithdraw": "{owner} may withdraw at most {max} minor units now, {assets} were asked for",
    "AddressFixed": "the address cannot be set to {wanted}: it is {current} for good",
    "AlreadyServed": "the request {digest} has been served already",
    "AmendmentExpired": "the amendment of financing {financing} was valid until {validUntil}; it is now {now_}",
    "AmendmentSpent": "the amendment {amendment} has been carried out already",
    "AmendmentStale": (
        "the amendment does not start from what financing {financing} is: facility {facility}, due on {maturityDay}"
    ),
    "CapKeyInvalid": "{key} names nobody in the dimension {dimension}; the most is {most}",
    "CapTooLarge": "a cap of {cap} minor units ({dimension}) is more than the most, {most}",
    "ExposureTooLow": "{amount} minor units cannot be taken off the exposure of {key} ({dimension}): it is {exposure}",
    "FacilityEndTooFar": "the facility for {supplier} would expire at {expiresAt}, after the latest, {most}",
    "FinancingUnassigned": "nobody's risk has been named for financing {financing}",
    "FundingShareZero": "the pool {pool} would fund nothing of the syndicate",
    "GraceNotOver": "the grace of financing {financing} ends at {graceEndsAt}; it is now {now_}",
    "IsStopped": "the guardian has stopped this for now: {what}",
    "ItemReserved": "item {itemId} of {holder} is reserved for facility {facility} until {until}",
    "MaturityInvalid": "financing {financing} cannot fall due on {newMaturityDay}; today is {today}",
    "MaturityNotLater": "financing {financing} cannot fall due on {maturityDay}; the earliest is {earliest}",
    "MemberOfOtherCurrency": "the pool {pool} lends {cash}, the syndicate {expected}",
    "MemberTwice": "the pool {pool} is a member of the syndicate twice",
    "MembersOutOfRange": "a syndicate of {members} pools is refused: from {least} to {most} are needed",
    "MoreThanBooked": "{amount} minor units are more than the syndicate has booked, {booked}",
    "NoRecourse": "facility {facility} has no recourse to its supplier",
    "NotApproved": "the credit officer has not approved the amendment {amendment}",
    "NotCovered": "financing {financing} owes {owed} minor units, and its collateral is good for only {value}",
    "NotHolderOf": "{holder} does not hold item {itemId}",
    "NotReserved": "item {itemId} of {holder} is not reserved",
    "NotSupplierOf(facility,account,supplier)": (
        "account {account} is not the supplier of facility {facility}; {supplier} is"
    ),
    "NothingDue": "no committed fee is due on facility {facility}",
    "NothingOwed": "financing {financing} owes nothing",
    "NothingToWriteOff": (
        "after {daysOverdue} days overdue {due} minor units of financing {financing} count as lost, and "
        "{writtenOff} have been written off"
    ),
    "OnlyApplications": "only the applications contract {applications} may do this, not {caller}",
    "OnlyServicing": "only the servicing contract {servicing} may do this, not {caller}",
    "PlacesUncounted": "{source} does not count exposures by {dimension}, and it is too late to begin",
    "PledgeExists": "financing {financing} already has its collateral, item {itemId}",
    "PledgeTooSmall": "{units} units of item {itemId} are too small a pledge; the least is {least}",
    "PledgeUnknown": "financing {financing} has no collateral here",
    "RecourseIsOpen": "facility {facility} must first pay financing {recourseTo}, for which its supplier answers",
    "RecourseNotOpen": (
        "the supplier of facility {facility} does not answer for financing {financing}, but for {recourseTo} (0: none)"
    ),
    "RefinancingExceeds": (
        "financing {financing} cannot be taken over: {wanted} minor units are wanted, {available} are there ({bound})"
    ),
    "RefinancingTooLate": (
        "financing {financing} cannot be taken over: it has an expected loss of {impairment} minor units or is "
        "past its maturity, {maturityDay}"
    ),
    "RefinancingUnfit": (
        "financing {financing} cannot move from facility {from} to facility {to}: another supplier or currency, "
        "the same facility, or only one of them earmarks draws"
    ),
    "RequestTooSmall": "{owner} asks for {shares} shares back; the smallest request of this owner is {smallest}",
    "SmallestRequestTooLarge": "a smallest request of {shares} shares would keep lenders in; the most is {most}",
    "RequestExpired": "the request of {signer} expired at {deadline}; it is now {now_}",
    "RequestSignatureInvalid": "the request {digest} is not signed by {signer}",
    "ScheduleInvalid": "step {step} of the write-off schedule of {source} makes no sense",
    "SharesNotWhole": "the shares of the syndicate come to {sum} bps instead of {whole}",
    "SignatureWithdrawn": "{signer} has withdrawn what it signed of the amendment {amendment}",
    "SignatureInvalid(financing,supplier)": "the amendment of financing {financing} is not signed by {supplier}",
    "AccountNotOfSupplier": "{account} is of organisation {organisation}; facility {facility} is {needed}'s",
    "SourceZero": "financing {financing} has no source of money",
    "StillCovered": "financing {financing} owes {owed} minor units, and its collateral is good for {value}",
    "TallyIncomplete": "only {counted} of {count} financings have been added up",
    "TooManyPledges": "item {itemId} already backs {pledges} financings; the most is {most}",
    "WeightUneven": "a weight of {weight} does not belong to a principal of {principal} minor units",
    "WithoutRecourse": "facility {facility} has no recourse to its supplier",
    "WriteOffOutOfRange": "{amount} minor units of financing {financing} cannot be written off; {principal} are out",
    # Handovers, cover and purposes
    "AlreadyBackedBy": "financing {financing} is or was backed at {collateral} already; each adapter backs it once",
    "CannotRetire": "what backs financing {financing} cannot give way to other collateral",
    "HandoverTooLate": (
        "financing {financing} cannot be handed over: {lost} minor units are lost or expected to be, or it is past its "
        "maturity, {maturityDay}"
    ),
    "HandoverUncovered": (
        "financing {financing} owes {owed} minor units, and what it would be handed over to bears {base}"
    ),
    "HandoverExceedsCap": (
        "financing {financing} cannot be handed over: caps on the new debtor leave room for {available} of its "
        "{principal} minor units of principal"
    ),
    "NothingToHandOn": "what backs financing {financing} has nothing that could go to {recipient}",
    "RecipientNotDebtor": (
        "{recipient} is of organisation {organisation}, and cannot have the goods of financing {financing}: "
        "organisation {debtor} owes for them"
    ),
    "OnlyCover": "only the contract that insurers are paid through, {cover}, may do this, not {caller}",
    "PurposesUnset": "draws cannot be earmarked for {supplier}: there is no contract for it yet",
    "PurposeOnlyDesk": "only the financing desk {desk} may pay earmarked draws, not {caller}",
    "NotSupplierOfPurpose": (
        "account {caller} does not say what the draws of financing {financing} are for; {supplier} does"
    ),
    "NotEarmarked": "the draws of financing {financing} are not earmarked",
    "PurposeSettled": "financing {financing} has drawn already, or is not open: its purpose is settled",
    "PurposeOutOfRange": (
        "{most} minor units cannot be set aside for the purpose of financing {financing}; "
        "it must be from 1 to {greatest}"
    ),
    "PurposeUnfit": "item {itemId} is not what draws of financing {financing} can go to ({kind})",
    "FacilityNotEarmarked": "facility {facility} does not earmark draws, and cannot lend on orders to their buyer",
    "DeliveryOfOtherOrder": "financing {financing} is backed by order {needed}, not by order {order}",
    "DeliveryUncovered": (
        "financing {financing} owes {owed} minor units, and what backs it now bears {base}: the goods cannot go free"
    ),
    # Insurance
    "ClaimTooLate": "policy {policy} could be claimed on until {claimableUntil}; it is now {now_}",
    "CoverAmountZero": "an amount of nothing is refused",
    "CoverBookedTooMuch": "{amount} minor units were booked for the insurers of financing {financing}; {due} are due",
    "CoverLapsed": "policy {policy} has lapsed: its premium was to be paid by {payBy}; it is now {now_}",
    "CoverStillRuns": "policy {policy} may still have to pay, until {claimableUntil}; it is now {now_}",
    "InsuredSubjectForeign": (
        "consignment {subject} was opened by group {beneficiary}, not by the supplier's, {supplierGroup}"
    ),
    "InsurerOfOwnGroup": "{insurer} is of the supplier's own group, {group}, and cannot insure financing {financing}",
    "LossAlreadyKnown": "financing {financing} cannot be insured: a loss has happened or is expected",
    "LossOutsideCover": "the loss of {lossAt} is outside policy {policy}, which covers from {boundAt} to {until}",
    "LossWithinDeductible": (
        "policy {policy} pays nothing on a loss of {loss} minor units; its deductible is {deductible}"
    ),
    "NoLossEvent": "policy {policy} cannot be claimed on: what it insures has not happened, or is in dispute",
    "NotInsurerOf": "policy {policy} is {insurer}'s, not {caller}'s",
    "OfferExpired": "policy {policy} was on offer until {offerUntil}; it is now {now_}",
    "PolicyStateWrong": "policy {policy} is {state}; it must be {needed}",
    "PolicyStillDue": "policy {policy} cannot be closed: {due} minor units are still due to its insurer",
    "PolicyTermsDiffer": "the terms agreed to, {given}, are not those of policy {policy}, {its}",
    "PolicyTermsUnsound": "the terms of a policy on financing {financing} make no sense: its {flaw}",
    "PolicyUnknown": "no policy has the number {policy}",
    "PositionTooSmall": "{insurer} has {free} minor units free, {wanted} are wanted",
    "PremiumNotDue": "no premium is due on policy {policy}",
    "TooManyPolicies": "financing {financing} has {most} policies, which is the most",
    "WaitingPeriodRuns": "policy {policy} can be claimed on from {endsAt}; it is now {now_}",
    # Pools
    "BelowFloor": "{wanted} minor units cannot be released: {releasable} lie above the reserve's floor",
    "ClaimTooLow": "{sponsor} has a claim of {claim} minor units on the reserve, {wanted} are wanted",
    "ClaimableAssetsTooLow": "{claimable} minor units can be claimed for {controller}, {assets} are asked for",
    "ClaimableSharesTooLow": (
        "the payment of {claimable} shares can be claimed for {controller}, {shares} are asked for"
    ),
    "ControllerNotWilling": "{controller} has not agreed to hold the redemption requests of {owner}",
    "EpochNotOver": "the epoch can be closed from {closableAt} on; it is now {now_}",
    "EpochTooShort": "an epoch of {epochSeconds} seconds is too short; the least is {least}",
    "FeesTooLow": "{collected} minor units of fees have been collected, {amount} are wanted",
    "FloorTooHigh": "a floor of {floorBps} bps is above the most, {most}",
    "ImpairmentUnknown": "an expected loss of {previous} minor units cannot be replaced: {booked} are booked",
    "LendableTooLow": "the pool can lend {lendable} minor units now, {amount} are wanted",
    "LossTooLow": "lenders have lost {lost} minor units and not got them back; {amount} cannot be struck",
    "NotOperator": "{caller} may not act for {account}",
    "NothingForReserve": "nothing has been collected for the reserve",
    "OnlyPool": "only the pool {pool} may do this, not {caller}",
    "OnlyVault": "only a tranche of the pool may do this, not {caller}",
    "PreviewUnsupported": "a redemption's price is known when its epoch is closed, not before",
    "RateTooHigh": "a rate or share of {bps} bps is above the most, {most}",
    "RequestsFull": "{controller} has {most} requests that wait; it must claim before it asks again",
    "ReserveAlreadySet": "the pool already has a reserve, {reserve}",
    "ReserveAmountZero": "an amount of nothing is refused",
    "ReserveNotSet": "the pool has no reserve",
    "ReserveOfOtherPool": "the reserve {reserve} belongs to another pool than {pool}",
    "SharesToVault": "shares cannot be sent to their own vault",
    "SharesTooMany": "{supply} shares would be more than the most, {most}",
    "SharesZero": "a request for no shares is refused",
    "SyndicateZero": "the zero address cannot be a syndicate",
    "TranchesAlreadySet": "the pool already has its tranches, {senior} and {junior}",
    "TranchesNotSet": "the pool has no tranches yet",
    "VaultOfOtherPool": "the vault {vault} is not the {tranche} tranche of the pool {pool}",
}
