"""The load generator: open loop, honest about its own limits."""
