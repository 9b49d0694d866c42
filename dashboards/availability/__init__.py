"""Availability by time, from operating-state intervals (field.md §5; names as in EN 15341)."""
