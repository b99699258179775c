"""Pure code, mostly by properties."""
