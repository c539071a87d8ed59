"""Readers and writers of file formats; any file may be damaged or hostile."""
