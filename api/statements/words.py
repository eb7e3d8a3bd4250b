"""What movements of cash are called, and the network's contracts: in words of business."""

from typing import Final

KINDS: Final[dict[str, str]] = {
    "issue": "Cash issued against a bank payment",
    "withdrawal": "Cash redeemed by the bank",
    "pool_deposit": "Deposit into a lending pool",
    "pool_redemption": "Redemption of pool shares",
    "disbursement": "Disbursement of a financing",
    "repayment": "Repayment of a financing",
    "margin_call_payment": "Payment on a margin call",
    "collateral_proceeds": "Rest of what the collateral brought in",
    "collateral_release": "Cash released with the collateral",
    "commitment_fee": "Commitment fee of a facility",
    "fees_taken": "Fees of a lending pool",
    "receivable_payment": "Payment of a receivable",
    "receivable_proceeds": "Proceeds of a receivable",
    "escrow_deposit": "Paid into an order's escrow",
    "escrow_payout": "Paid out of an order's escrow",
    "escrow_refund": "Refund out of an order's escrow",
    "order_payment": "Payment of an order",
    "parked_payout": "Payout that had waited to be claimed",
    "goods_purchase": "Purchase of pledged goods",
    "goods_release": "Payment for the release of pledged goods",
    "premium": "Insurance premium",
    "insurance_recovery": "Recovery paid to an insurer",
    "insurance_deposit": "Deposit into an insurer's position",
    "insurance_withdrawal": "Withdrawal from an insurer's position",
    "fx_deposit": "Deposit into a currency dealer's position",
    "fx_withdrawal": "Withdrawal from a currency dealer's position",
    "fx_sale": "Currency sold",
    "fx_purchase": "Currency bought",
    "reserve_deposit": "Deposit into the first-loss reserve",
    "reserve_release": "Release from the first-loss reserve",
    "own_transfer": "Transfer between own accounts",
    "transfer": "Transfer",
    "account_joined": "Account taken on, with its balance",
    "account_left": "Account given up, with its balance",
}
_CONTRACTS: Final = {
    "LendingPool": "Lending pool",
    "FirstLossReserve": "First-loss reserve",
    "FinancingDesk": "Financing desk",
    "DrawPurposes": "Financing desk",
    "ReceivableToken": "Receivables",
    "ReceivableCollateral": "Receivables held as collateral",
    "OrderCollateral": "Order proceeds held as collateral",
    "PurchaseCollateral": "Purchases held as collateral",
    "InventoryCollateral": "Goods held as collateral",
    "OrderEscrow": "Order escrow",
    "InsurancePolicies": "Insurance",
    "FxQuotes": "Currency exchange",
    "Syndicate": "Lending syndicate",
}


def name_of_contract(deployed: str) -> str:
    """Of a contract by its deployed name, such as `LendingPool:EUR`."""
    kind, _, currency = deployed.partition(":")
    known = _CONTRACTS.get(kind, kind)
    return f"{known} {currency}" if currency else known
