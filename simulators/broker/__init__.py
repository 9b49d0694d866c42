"""The estate's and a recording's way to a real broker."""
