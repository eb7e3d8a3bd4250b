"""Milestones: what independent organisations attested about a consignment, and which facts stand."""
