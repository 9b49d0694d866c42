"""What rules say: from YAML to a checked ``Rule``, what they may speak of, and the ways to write them."""
