"""Downloads of published data sets, resumed after an interruption and verified by checksum."""
