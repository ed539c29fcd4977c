"""What matching says yes and no to: pure values and functions."""
