"""The pages: each module defines `render()` and runs nothing by itself."""
