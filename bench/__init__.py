"""Measures the product as real processes. `make bench`, or `python -m bench NAME ...`."""
