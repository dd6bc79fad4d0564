"""Judges, signs and seals mails by dkimpy: a list of tasks in JSON on stdin, a list of answers in JSON on stdout.

Run by the interpreter that has dkimpy. Names come from the tasks, never from the DNS.
"""

import base64
import json
import sys

import dkim

given = json.load(sys.stdin)


def lookup(name, timeout=5):
    """Return the text of a name, None where there is none."""
    found = given["names"].get(f"{name.decode().rstrip('.')} TXT")
    return found[0].encode() if found else None


def verified(mail):
    """Return what the topmost signature is worth."""
    try:
        return bool(dkim.DKIM(mail).verify(dnsfunc=lookup))
    except dkim.DKIMException:
        return False


def perform(task):
    """Do one task."""
    mail = base64.b64decode(task["mail"])
    if task["kind"] == "verify":
        return {"dkim": verified(mail), "arc": dkim.ARC(mail).verify(dnsfunc=lookup)[0].decode()}
    key = task["key"].encode()
    names = task["selector"].encode(), task["domain"].encode(), key
    if task["kind"] == "sign":
        algorithm, canonicalization = task["algorithm"].encode(), tuple(map(str.encode, task["canonicalization"]))
        field = dkim.DKIM(mail, signature_algorithm=algorithm).sign(*names, canonicalize=canonicalization)
        return {"field": field.decode()}
    fields = dkim.ARC(mail).sign(*names, task["authserv_id"].encode())
    return {"field": b"".join(fields).decode()}


json.dump([perform(task) for task in given["tasks"]], sys.stdout)
