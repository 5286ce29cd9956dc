"""Looking a project's inputs over before anything is scored: what is read, set aside, and why."""
