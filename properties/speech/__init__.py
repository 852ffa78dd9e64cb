"""Laws of speech synthesis."""
