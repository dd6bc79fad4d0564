"""What all requests and responses of the Matrix APIs have in common: where their fields go, and how octets become them.

A request is a frozen struct whose class names its endpoint; each field says where it goes (`InPath`, `InQuery`,
`InHeader`, `WholeBody`), and is a key of the JSON body otherwise. A response is the same. The other direction works
too: a server reads requests and writes responses by the same classes. Unknown keys of any object are kept in its
`unknown` and written again.

    request = JoinRoom(room_id_or_alias="#sea:example.org", reason="waves")
    sent = request.to_http(token="…")        # an HttpRequest, for whatever carries it
    joined = request.read_response(answer)   # a JoinRoomResponse; raises MatrixError for an error

Standards: Matrix v1.19, Client-Server API (API Standards), Server-Server API.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias, TypeVar

import msgspec

__all__ = ["Access", "Body", "InHeader", "InPath", "InQuery", "Where", "WholeBody"]

_Type = TypeVar("_Type")


class Where(Enum):
    """Where a field of a request or response goes, if not into the JSON body."""

    PATH = "path"
    QUERY = "query"  # a tuple is a parameter that is repeated, a dict all parameters that no other field names
    HEADER = "header"
    BODY = "the whole body"  # octets, or JSON that is no object of known keys


InPath: TypeAlias = Annotated[_Type, Where.PATH]
InQuery: TypeAlias = Annotated[_Type, Where.QUERY]
InHeader: TypeAlias = Annotated[_Type, Where.HEADER]
WholeBody: TypeAlias = Annotated[_Type, Where.BODY]

if TYPE_CHECKING:
    _Unknown: TypeAlias = dict[str, object]
else:
    _Unknown = object  # what a peer may call by the name of that field is of any type, and is put right by keep_unknown


class Access(Enum):
    """By what a request proves who asks."""

    NONE = "nothing"
    OPTIONAL = "an access token, if there is one"
    USER = "an access token"
    APP_SERVICE = "the token of an application service"
    SERVER = "a signature of the asking server (X-Matrix)"


class _Hidden:
    """Stands where a secret would be shown."""

    def __repr__(self) -> str:
        return "…"


_HIDDEN = _Hidden()
_SECRETS = frozenset(
    {
        "access_token",
        "auth",
        "client_secret",
        "code_verifier",
        "device_code",
        "id_access_token",
        "login_token",
        "new_password",
        "password",
        "refresh_token",
        "token",
    }
)


# gc=False: JSON has no cycles, and a sync of many rooms is more objects than the collector should look through.
class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An object of JSON: known keys are fields, others are in `unknown`. None is a key that is absent."""

    is_foreign: ClassVar[bool] = False  # another server wrote it: a broken one is left out of the answer

    unknown: _Unknown = msgspec.field(name="…", default_factory=dict)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Return what is there, secrets as three dots: what is shown ends in logs."""
        found = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [
            (name, _HIDDEN if name in _SECRETS else value) for name, value in found if value is not None and value != {}
        ]
