"""Addresses of several nodes: what is refused, and that no secret of one is shown."""

import pytest

from chain_node.client.endpoints import MOST_ENDPOINTS, names_of, split_urls


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "address 1: is empty"),
        ([], "there is no address"),
        ("http://a:1,", "address 2: is empty"),
        ("ftp://a:1", "address 1: must be an http:// or https:// address with a host"),
        ("http://", "address 1: must be an http:// or https:// address with a host"),
        ("http://a:70000", "address 1: must be an http:// or https:// address with a host"),
        ("http://a b", "address 1: must have no spaces and no commas"),
        (["http://a:1,http://b:1"], "address 1: must have no spaces and no commas"),
        ("http://a:1, http://a:1/", "addresses 1 and 2 are the same node"),
        ("http://a, HTTP://A:80", "addresses 1 and 2 are the same node"),
        ("http://x:y@a:1, http://b:1, http://u:v@a:1", "addresses 1 and 3 are the same node"),
    ],
)
def test_address_that_cannot_be_used_is_refused(given: str | list[str], problem: str) -> None:
    with pytest.raises(ValueError, match="address") as refused:
        split_urls(given)

    assert problem in str(refused.value)


def test_all_problems_are_said_at_once_and_no_secret_with_them() -> None:
    with pytest.raises(ValueError, match="address") as refused:
        split_urls("ftp://ann:hunter2@a/key77, , http://b:1, http://b:1/")

    said = str(refused.value)
    assert [f"address {n}:" in said for n in (1, 2)] == [True, True]
    assert "addresses 3 and 4 are the same node" in said
    assert "hunter2" not in said
    assert "key77" not in said


def test_more_addresses_than_can_be_watched_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {MOST_ENDPOINTS}"):
        split_urls([f"http://n{number}:1" for number in range(MOST_ENDPOINTS + 1)])


def test_one_address_and_many_keep_their_order() -> None:
    assert split_urls("http://a:1") == ("http://a:1",)
    assert split_urls(" http://b:1 ,https://a/key ") == ("http://b:1", "https://a/key")
    assert split_urls(["http://b:1", "http://a:1"]) == ("http://b:1", "http://a:1")


def test_names_have_no_secrets_and_are_told_apart() -> None:
    urls = ("https://ann:hunter2@host/v3/key1", "https://host/v3/key2", "http://other:1")

    assert names_of(urls) == ("https://host#1", "https://host#2", "http://other:1")
