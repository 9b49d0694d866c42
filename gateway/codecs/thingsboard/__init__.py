"""ThingsBoard: its gateway topics (many devices) and its device topic (one)."""
