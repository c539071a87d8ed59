"""The views of the Data page: one selection of patches, seen in many ways."""
