"""What disbursement says yes and no to: pure values and functions."""
