"""The estate: every machine of a property, what happens among them, and what of it is sent."""
