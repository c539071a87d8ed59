"""Check, repair, back up and restore a workspace."""
