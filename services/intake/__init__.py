"""Intake: what people report becomes a verified, consented, clocked case."""
