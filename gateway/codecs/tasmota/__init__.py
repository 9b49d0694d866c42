"""Tasmota: power meters, relays and sensors by ``tele/…`` and ``stat/…``."""
