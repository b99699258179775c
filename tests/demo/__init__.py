"""Tests of the demonstration and its building blocks."""
