"""Laws of variational inference."""
