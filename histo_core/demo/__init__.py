"""Carry out the demo in a job: draw the tissue, queue the networks, audit, and make the first map."""
