"""What a mail is to say, drawn before a word of it is spelled: fields, contents, and the tree of entities."""
