"""Sparkplug B 3.0: births, deaths and data of edge nodes and their devices, in protobuf."""
