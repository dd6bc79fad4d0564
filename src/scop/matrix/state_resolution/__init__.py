"""Which state holds where branches of a room meet."""
