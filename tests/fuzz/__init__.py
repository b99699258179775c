"""Inputs of strangers: what was found is tried for ever, and a little more each time."""
