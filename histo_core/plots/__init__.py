"""A result becomes a plotly figure. Nothing is computed here, and nothing here knows the page it is shown on."""
