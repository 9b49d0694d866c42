"""Frigate: cameras whose pictures are watched by a network video recorder."""
