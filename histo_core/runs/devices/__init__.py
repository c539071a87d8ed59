"""Devices of this machine and who uses them."""
