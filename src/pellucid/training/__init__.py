"""Training: what an epoch is, when to stop, what to remember. `session.fit` is where `Model.fit` leads."""
