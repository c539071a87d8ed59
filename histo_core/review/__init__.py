"""What readers and models agree on."""
