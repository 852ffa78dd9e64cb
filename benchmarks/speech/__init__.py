"""Speech: the frames, beside einops."""
