"""The two tables, method to function and command to function, and the functions that they name."""
