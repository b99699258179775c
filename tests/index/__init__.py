"""The index cache, against real servers on loopback."""
