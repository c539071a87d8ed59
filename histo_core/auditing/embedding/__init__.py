"""Lay out all patches as a map: features, PCA, UMAP, lasso."""
