"""Many districts at once, and the city that they make up."""

from circles.batch.run import BatchResult, Standing, plan_batch, run_batch

__all__ = ["BatchResult", "Standing", "plan_batch", "run_batch"]
