"""The real server over stdio."""
