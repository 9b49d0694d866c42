"""The pages and the HTTP API: what the guard, the engineer and the manager see, and scripts call."""
