"""A past that nobody has to wait for: ordinary time dealt from lived days, troubles lived in full."""
