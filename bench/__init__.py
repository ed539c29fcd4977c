"""Measured side by side against peers, in one run; `make bench` prints one table and writes one JSON."""
