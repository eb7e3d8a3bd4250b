"""Vectors from the reference importer, ipfs-unixfs-importer 17.1.1 (CIDv1, raw leaves, 256 KiB chunks, 174 links)."""

import pytest

from api.documents.cids import CHUNK_BYTES, LINKS_PER_NODE, CidMalformed, cid_of, require_cid


def pattern(length: int) -> bytes:
    return bytes((i * i + 7 * i) % 251 for i in range(length))


@pytest.mark.parametrize(
    ("data", "cid"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (pattern(CHUNK_BYTES), "bafkreig7uqftaqlqpaiix32l5yyidnq2uhedhmi6uj2j4gt7vsvmrgsq2e"),
        (pattern(CHUNK_BYTES + 1), "bafybeiemvzwkqychsl7pradclwjigelu7fs2qfyk3ekiul6sg46ec73npy"),
        (pattern(1_000_000), "bafybeifbn27upl5eicex3xcv77xivgdujmvturidldolyjye7d243kcvta"),
        (bytes(5 * 1024 * 1024), "bafybeid7mu43g4fehkxhdkl4x3lu4pybxuxpg57it6r6z7e36soj7h2yd4"),
        (bytes(LINKS_PER_NODE * CHUNK_BYTES), "bafybeibxsa3ioclowpaq7b6gxl65gzqneopfr3fnhedak6sqr4bjz5lnyq"),
        (bytes(LINKS_PER_NODE * CHUNK_BYTES + 1), "bafybeihqwzd3o6q6v3pmwhzjy22vokhr767burokmqemg63hptx2nqd7ym"),
    ],
    ids=["empty", "hello", "one chunk", "two chunks", "1 MB", "5 MiB", "a full node", "two levels"],
)
def test_cid_equals_the_one_that_ipfs_gives(data: bytes, cid: str) -> None:
    assert cid_of(data) == cid
    assert require_cid(cid) == cid


@pytest.mark.parametrize(
    "text",
    [
        "",
        "../../etc/passwd",
        "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5",
        "BAFKREIFZJUT3TE2NHYEKKLSS27NH3K72YSCO7Y32KOAO5EEI66WOF36N5E",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e/x",
        "bäfkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
    ],
)
def test_text_that_is_no_cid_of_ours_is_refused(text: str) -> None:
    with pytest.raises(CidMalformed):
        require_cid(text)
