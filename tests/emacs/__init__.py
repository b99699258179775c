"""The real Emacs, in batch."""
