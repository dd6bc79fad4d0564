"""The speed of DNS: messages read, questions answered from memory and from zones, a signed name proved from nothing."""
