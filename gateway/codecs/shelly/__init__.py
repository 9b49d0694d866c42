"""Shelly: relays, meters and sensors of the first generation and of those after it."""
