"""The pure part: import statements, what is known of a project, and what to say of it."""
