"""Pure: text and values in, text and values out. No file, process, clock or lock is touched here."""
