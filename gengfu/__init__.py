"""Gengfu (更夫), the night watchman for buildings: the roof and the ground of the product.

``core`` and ``ledger`` are the ground that every stage stands on; ``app``, ``supervisor`` and
``cli`` are the roof that binds the stages together. The stages themselves are the top-level
packages ``gateway``, ``ingest``, ``rules``, ``alerts``, ``dashboards`` and ``simulators``.
"""

__version__ = "0.1.0"
