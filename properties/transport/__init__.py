"""Laws of optimal transport."""
