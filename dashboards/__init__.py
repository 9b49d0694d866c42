"""What people see: pages, availability, Grafana, reports."""
