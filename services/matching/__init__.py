"""Matching: what a case may get, from whom, and whether it got it."""
