"""The outside world, without policy: uv, its locks, the file system, watchers, editors."""
