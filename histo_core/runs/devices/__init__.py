"""List the devices of this machine and the runs that use them."""
