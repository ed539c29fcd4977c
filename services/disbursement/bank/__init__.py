"""The bank as the world knows it: its files read and written, and the ways they travel."""
