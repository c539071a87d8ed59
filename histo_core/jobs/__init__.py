"""Run long tasks in their own processes: data checks, copies, predictions, exports."""
