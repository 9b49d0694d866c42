"""Rules: what is an alarm. One deterministic step: live, after a restart and back in time."""
