"""examiner: looks into attachments, one sealed child for each mail.

NAME
    examiner - attachments, opened where they can do no harm

DESCRIPTION
    Takes mail with more than plain text from the filter and says what was found in it (scop.attachments).

PEERS
    filter (call in): mail with attachments.

STATE
    None.

SECURITY
    Exposure: parses everything that anybody sends. Secrets: none. Worst outcome if taken over: it calls bad mail
    harmless, or harmless mail bad.

LIMITS
    To come with the cell.
"""
