"""Streamlit pages: each page's module defines `render()` and runs nothing on import."""
