"""Home page: the state of the workspace, and the next step."""
