"""The speed of finding out who sent a mail: seals made and checked, SPF, all checks of one mail."""
