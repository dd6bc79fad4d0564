"""The speed of SMTP: servers that take mail, the relay that sends it, what idle connections and a long queue cost."""
