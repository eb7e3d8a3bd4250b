"""Compliance, a room for each verb: audit, screening, onboarding, monitoring, cases, supervision."""
