"""The index cache: what indexes say of packages, asked in the background and kept on the disk for all servers of a user."""
