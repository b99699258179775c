"""Completion in a manifest or a script's block; `answer.py` says which file answers for which place."""
