"""What can be wrong in a manifest or a script's block, one file for each kind of thing that is looked at."""
