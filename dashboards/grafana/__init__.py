"""Grafana dashboards as code: builders, the JSON they make, and how Grafana is given it."""
