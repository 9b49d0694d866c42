"""The one source of truth: an append-only, gapless, checksummed, durable log in a folder.

Everything behind it (rules, stores, pages, back-test) is a cursor that lives with its reader. The
format on disk and what it guarantees: docs/journal.md. It must not know what records mean, but for
the names that rows refer to.
"""
