"""Recordings of real equipment, read from CSV and published as its device would have."""
