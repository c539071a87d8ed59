"""Read and write the files in a run's folder."""
