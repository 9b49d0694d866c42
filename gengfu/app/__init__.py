"""The only place that binds ports to adapters: one file for each process."""
