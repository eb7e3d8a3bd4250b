"""Monitoring: rules over what moved on chain, which open cases."""
