"""Alerts: the object people handle, from the verdict that opened it to the person who closed it."""
