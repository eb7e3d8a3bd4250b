"""The gateway: the door that suppliers, debtors, lenders and supervisors use."""
