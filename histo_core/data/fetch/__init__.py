"""Download published data sets: resumed and checksummed."""
