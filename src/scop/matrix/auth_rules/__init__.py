"""Whether an event may stand: the authorisation rules, numbered as the room versions number them."""
