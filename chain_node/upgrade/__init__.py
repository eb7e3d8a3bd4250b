"""Brings a new version of lending beside the old one: `plan` says what is to be done, `run` does it with the governor's
delay between its two halves, `run_off` says what is still out on the old version."""

from chain_node.upgrade.plan import UpgradePlan, UpgradeRefused, make_upgrade, renewed_with
from chain_node.upgrade.record import UpgradeRecord
from chain_node.upgrade.run import Site, execute, schedule
from chain_node.upgrade.run_off import RunOff, run_off

__all__ = [
    "RunOff",
    "Site",
    "UpgradePlan",
    "UpgradeRecord",
    "UpgradeRefused",
    "execute",
    "make_upgrade",
    "renewed_with",
    "run_off",
    "schedule",
]
