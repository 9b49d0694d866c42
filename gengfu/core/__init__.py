"""Values that cross the stages. No input, no output, no third party but NumPy and msgspec.

Whatever stands here is shared by the gateway, the journal, the rules, the alerts and the pages,
so it must not know any of them.
"""
