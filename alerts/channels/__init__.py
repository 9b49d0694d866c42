"""Ways out to people and machines; one folder per channel."""
