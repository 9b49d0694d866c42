"""Linkage (联动): what a cause must bring about, in which time, and whether it did."""
