"""Any other topic: JSON or a bare value, each topic a device of its own."""
