"""Life-safety events once more, as plain text that needs nobody to explain it."""
