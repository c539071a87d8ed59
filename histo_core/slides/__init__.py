"""Compute tile grids, and lay the patches of a slide out as a mosaic."""
