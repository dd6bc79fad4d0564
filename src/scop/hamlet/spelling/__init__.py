"""How values are spelled: one module per family of fields, one for bodies, one for the mail as a whole.

Each function takes a `Pen` and a value and returns one of the many spellings that mean it. None of them uses the
writers of `scop.mime`: what is proved with them must not be made with them.
"""
