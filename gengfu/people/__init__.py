"""Who may come in and what was done: accounts, sessions, API tokens, the audit trail.

The desk alone writes it. Times come as arguments; secrets are stored as digests only. It must not
know the web, MQTT or alerts.
"""
