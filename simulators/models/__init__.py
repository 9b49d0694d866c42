"""The machines: one file a class of equipment, and the physics that they share."""
