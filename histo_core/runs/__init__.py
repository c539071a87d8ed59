"""Launch, queue, train, resume and find runs. Each run trains in its own process."""
