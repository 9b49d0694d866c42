"""One folder per payload format; each turns bytes into ``Decoded``, once."""
