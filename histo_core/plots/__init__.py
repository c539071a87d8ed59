"""Plot results as plotly figures. Nothing is computed here, and nothing depends on the page that shows a figure."""
