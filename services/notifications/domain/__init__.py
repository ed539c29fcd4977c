"""What notifications says yes and no to: pure values and functions."""
