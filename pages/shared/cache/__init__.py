"""Cache results under the hashes, ids and parameters that they are made from."""
