"""The command line as a process, as scripts and terminals use it."""
