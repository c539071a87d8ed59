"""Write data sets and predictions in formats that other programs read."""
