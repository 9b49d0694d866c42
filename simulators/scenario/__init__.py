"""Scenarios: stories of faults with their truth, read from files, and scores held against them."""
