"""Statements: an organisation's cash over a period, to the minor unit, with what it has lent or borrowed."""
