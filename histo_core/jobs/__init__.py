"""Long tasks in processes of their own: data checks, copies, predictions, exports."""
