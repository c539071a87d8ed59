"""Embed all patches in a plane as a map: features, PCA, UMAP, lasso."""
