"""ChirpStack v4: decoded LoRaWAN uplinks on ``application/ID/device/EUI/event/up``."""
