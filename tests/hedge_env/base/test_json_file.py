import hashlib

import pytest

from hedge_env.base.errors import ConfigError
from hedge_env.base.json_file import digest_of, read_json_object

WORDS = {"what": "a file of ours", "remedy": "make it again"}


def test_an_object_is_read_and_its_digest_knows_no_order(tmp_path):
    path = tmp_path / "it.json"
    path.write_text('{"b": [1, 2], "a": 1.5}')
    found = read_json_object(path, 100, **WORDS)
    assert found == {"a": 1.5, "b": [1, 2]}
    assert digest_of(found) == digest_of({"a": 1.5, "b": [1, 2]})
    assert digest_of(found) == hashlib.sha256(b'{"a":1.5,"b":[1,2]}').hexdigest()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is not JSON; make it again"),
        ("[" * 100_000, "it is not JSON; make it again"),
        ("[1]", "is not a file of ours"),
        ("1" * 200_001, "is too large to be a file of ours"),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(tmp_path, content, message):
    path = tmp_path / "it.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_json_object(path, 200_000, **WORDS)


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.json cannot be read: No such"):
        read_json_object(tmp_path / "nothing.json", 10, **WORDS)
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        read_json_object(tmp_path, 10, **WORDS)
