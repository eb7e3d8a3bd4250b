import pytest

from standards.xml import XmlRefused, parse


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def test_plain_document_is_read_without_comments_and_instructions() -> None:
    root = parse(b"<?xml version='1.0'?><a><?go now?><!-- why --><b>text</b></a>")

    assert [child.tag for child in root] == ["b"]


def test_byte_order_mark_and_utf16_are_read() -> None:
    assert parse(b"\xef\xbb\xbf<a/>").tag == "a"
    assert parse('<?xml version="1.0" encoding="utf-16"?><a>ü</a>'.encode("utf-16")).text == "ü"


def test_syntax_error_names_line_and_column() -> None:
    with pytest.raises(XmlRefused, match=r"at line 2, column 8: Opening and ending tag mismatch") as refused:
        parse(b"<a>\n<b></a>")

    assert (refused.value.line, refused.value.column) == (2, 8)


def test_file_entity_is_never_read() -> None:
    with pytest.raises(XmlRefused, match="document type"):
        parse(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')


def test_external_document_type_is_refused() -> None:
    with pytest.raises(XmlRefused, match="document type"):
        parse(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/none.dtd"><a/>')


def test_entities_that_multiply_are_refused() -> None:
    entities = b'<!ENTITY e0 "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 9)
    )

    with pytest.raises(XmlRefused):
        parse(b"<!DOCTYPE a [" + entities + b'] ><a x="&e8;">&e8;</a>')


@pytest.mark.parametrize("data", [b"", b" \n", b"<a", b"<a/>junk", b"not xml", b'<a x="1" x="2"/>', b"<a>&none;</a>"])
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused, match=r"^XML refused"):
        parse(data)


def test_depth_is_bounded() -> None:
    with pytest.raises(XmlRefused, match="depth"):
        parse(nested(300))


def test_size_is_bounded_before_anything_is_parsed() -> None:
    with pytest.raises(XmlRefused, match="11 bytes are more than the 10 allowed"):
        parse(b"<a>text</a>", limit_bytes=10)
