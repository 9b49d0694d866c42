"""A past for a folder without one: ``living`` lets it happen, ``line`` is the chain it goes through.

``calm`` tells ordinary time as records, ``people`` deal with alerts, ``desk`` keeps what pages and
reports show.
"""
