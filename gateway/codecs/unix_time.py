"""Times as devices write them that count seconds since 1970."""


def millis(seconds: object) -> object:
    """Return seconds since 1970 in milliseconds; what is no number stays what it is."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return seconds
    return seconds * 1000.0 if isinstance(seconds, float) else seconds * 1000
