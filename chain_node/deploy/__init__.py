"""Puts a network's contracts on its chain: `plan` says what is to be done, `record` what has been, `run` does it."""

from chain_node.deploy.plan import Plan, Step, make_plan
from chain_node.deploy.record import Record
from chain_node.deploy.run import DeployFailed, deploy

__all__ = ["DeployFailed", "Plan", "Record", "Step", "deploy", "make_plan"]
