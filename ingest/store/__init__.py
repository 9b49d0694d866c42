"""The readings store: an archive of values behind a cursor, which may be slow, down or new.

The journal stays the truth; what stands here can always be written again from it.
"""
