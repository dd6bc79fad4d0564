"""Files and mails that are made to keep whoever looks into them busy, and what each of them costs."""
