"""The journal and the readings stores: what is kept, and nothing lost."""
