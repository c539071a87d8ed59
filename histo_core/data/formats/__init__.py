"""Reading and writing files, any of which may be damaged or hostile."""
