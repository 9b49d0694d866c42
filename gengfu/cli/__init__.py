"""The command line: each group of commands has a file here; ``program`` puts them together."""
