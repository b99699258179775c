"""Measurements that anybody can repeat: latency, cost of an add, races against bare uv, stress."""
