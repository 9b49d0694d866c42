"""Equipment that behaves and breaks like equipment, over real MQTT."""
