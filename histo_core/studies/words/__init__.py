"""Each study in words: its facts, what to doubt, what we settled, and what its authors wished for."""
