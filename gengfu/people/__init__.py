"""Accounts, roles, sessions and the audit chain."""
