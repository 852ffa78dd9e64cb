"""What the posts derive, as small as it goes: each module is its formula, and none knows of laws."""
