"""What a rule would have done: the live step over the archive, and how its alarms would feel."""
