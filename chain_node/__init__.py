"""Starts networks and talks to them: engines, deployment, typed clients of the contracts."""
