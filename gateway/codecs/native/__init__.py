"""Gengfu's own JSON, every shape of docs/devices.md."""
