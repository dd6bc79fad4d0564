"""Which webhooks are taken: those that prove that their sender knows the secret."""

from __future__ import annotations

import pytest

from fakes.forge_webhooks import SECRET, Sent, forgejo, generic, github, gitlab
from scop.matrix.notifier import Forge, Hook, HookRefused, receive
from scop.matrix.notifier.signatures import Proof

NOW = 1_700_000_000.0


@pytest.mark.parametrize("forge", [Forge.GITHUB, Forge.GITLAB, Forge.FORGEJO, Forge.GITEA, Forge.GENERIC])
def test_hook_refuses_what_is_not_signed(forge: Forge) -> None:
    """Without its header no webhook is read; the sender learns nothing of why."""
    with pytest.raises(HookRefused) as caught:
        receive(Hook("/h", forge, (SECRET,)), {"content-type": "application/json"}, b"{}", NOW)
    assert (401, "refused") == (caught.value.status, caught.value.reply_hint)


@pytest.mark.parametrize(
    ("forge", "sent"),
    [
        (Forge.GITHUB, github("ping", {})),
        (Forge.GITLAB, gitlab("Pipeline Hook", {})),
        (Forge.FORGEJO, forgejo("push", {})),
        (Forge.GITEA, forgejo("push", {})),
        (Forge.GENERIC, generic({})),
    ],
)
def test_hook_refuses_a_wrong_secret(forge: Forge, sent: Sent) -> None:
    """A proof made with another secret is none, before anything is read."""
    with pytest.raises(HookRefused) as caught:
        receive(Hook("/h", forge, ("another",)), sent.headers, b"no json at all", NOW)
    assert caught.value.status == 401


def test_github_signature_is_that_of_its_documentation() -> None:
    """GitHub's own test value: secret, body and signature as it documents them."""
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    with pytest.raises(HookRefused) as caught:  # it is no JSON; the signature holds
        receive(Hook("/h", Forge.GITHUB, (SECRET,)), headers, b"Hello, World!", NOW)
    assert caught.value.status == 400


def test_hook_takes_either_of_two_secrets() -> None:
    """While a secret is changed both hold."""
    sent = github("ping", {})
    assert receive(Hook("/h", Forge.GITHUB, ("new", SECRET)), sent.headers, sent.body, NOW).report is None


def test_gitlab_signing_token_is_checked_with_its_moment() -> None:
    """A signature by Standard Webhooks holds near its moment; a token makes up for no wrong one."""
    import base64
    import hmac

    key = b"0" * 24
    secret = "whsec_" + base64.b64encode(key).decode()
    body, moment = b"{}", str(int(NOW))
    signed = base64.b64encode(hmac.digest(key, b"m1." + moment.encode() + b"." + body, "sha256")).decode()
    headers = {"webhook-id": "m1", "webhook-timestamp": moment, "webhook-signature": f"v1,wrong v1,{signed}"}
    hook = Hook("/h", Forge.GITLAB, (secret,))
    assert "m1" == receive(hook, headers, body, NOW + 299).id
    for late in (NOW + 301, NOW - 301):
        with pytest.raises(HookRefused):
            receive(hook, {**headers, "x-gitlab-token": secret}, body, late)


def test_generic_token_is_compared_whole() -> None:
    """A token in a header of one's choice stands as it is, or behind Bearer."""
    hook = Hook("/h", Forge.GENERIC, (SECRET,), proof=Proof.TOKEN, header="authorization")
    body = b'{"project": "a", "status": "passed"}'
    assert receive(hook, {"authorization": f"Bearer {SECRET}"}, body, NOW).report is not None
    with pytest.raises(HookRefused):
        receive(hook, {"authorization": f"Bearer {SECRET}x"}, body, NOW)


def test_hook_says_which_content_type_it_takes() -> None:
    """Forms are refused with the one sentence that helps."""
    sent = github("ping", {})
    headers = {**sent.headers, "content-type": "application/x-www-form-urlencoded"}
    with pytest.raises(HookRefused) as caught:
        receive(Hook("/h", Forge.GITHUB, (SECRET,)), headers, sent.body, NOW)
    assert (415, True) == (caught.value.status, "application/json" in caught.value.reply_hint)


def test_delivery_without_an_id_is_known_by_its_body() -> None:
    """The same body is the same delivery."""
    hook = Hook("/h", Forge.GENERIC, ())
    one, again, other = (
        receive(hook, {}, b'{"project": "a", "status": "%s"}' % status, NOW)
        for status in (b"passed", b"passed", b"failed")
    )
    assert one.id == again.id != other.id
