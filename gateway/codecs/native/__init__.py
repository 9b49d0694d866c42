"""Gengfu's own JSON, every shape of interfaces.md."""
