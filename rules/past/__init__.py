"""Functions of the past. To add one: a ``Past`` with its ``Function`` beside it; ``catalogue.py`` lists it."""
