"""The law pack: what the mathematics demands of every correct implementation, and the strangers it is pointed at."""
