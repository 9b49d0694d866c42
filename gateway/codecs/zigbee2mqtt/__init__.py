"""Zigbee2MQTT: ``zigbee2mqtt/NAME`` with a JSON object, ``…/availability`` beside it."""
