"""Features as pure functions, and the same through the real server."""
