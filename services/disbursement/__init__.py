"""Disbursement: every fen and every unit of goods reserved, approved, paid once and published."""
