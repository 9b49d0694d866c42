"""Availability by time, from operating-state intervals (names as in EN 15341)."""
