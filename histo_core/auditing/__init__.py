"""Find what makes a data set or a split unfit: leakage, duplicates, poor patches, shortcuts."""
