"""Onboarding: applications of organisations, their owners and papers, the decision, and what expires."""
