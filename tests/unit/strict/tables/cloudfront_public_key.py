"""cloudfront_public_key, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

HEAD, TAIL = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "\n-----END PUBLIC KEY-----\n"
KEY = f"{HEAD}KpeZn5OxBS4nwH72VQuPB9nP1SOI\nOCWanCWNnJ16lClq41TY8ETbwsXVqG92I3qTj7vLbiN28MZz4fQv00EEnA=={TAIL}"
OTHER = f"{HEAD}r7VyznVfCMHrnXwIlvec5PcDprFx\nV5P+cv2yyvqou7mFI+iMN9LBPjHs6RhS81r/ESI7DTBhFiD5LElyd8pLZQ=={TAIL}"


def before(account):
    for name in ("a", "z"):
        config = {"Name": name, "CallerReference": name, "EncodedKey": OTHER}
        account.cloudfront.put("PublicKey", name, config)


TABLES = [
    Table(
        module="cloudfront_public_key",
        kind="PublicKey",
        before=before,
        asked={"name": "k", "encoded_key": KEY},
        identity=frozenset({"name"}),
        rows={"comment": Row("signs cookies", "signs addresses", "Comment")},
        fixed={"encoded_key": (OTHER, "encoded_key can't be changed once it is made. Make a public key of another")},
        update="UpdatePublicKey",
        apart=frozenset({"EncodedKey"}),
    )
]
