"""Bulk screening of residents' data; what needs the columnar engine runs in processes of its own."""
