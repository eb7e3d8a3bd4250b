"""Which redemptions are asked about: those that may still be open, however many there have been."""

from api.pools.models import Redemption
from api.pools.service import MOST_OPEN_REQUESTS, newest


def redemption(epoch: int, account: str = "0xaa", tranche: str = "senior") -> Redemption:
    return Redemption(currency="EUR", tranche=tranche, account=account, epoch=epoch, shares=1, requested_at=epoch)


def test_no_more_are_asked_about_than_a_queue_keeps() -> None:
    asked = newest([redemption(epoch) for epoch in range(1, 41)])

    assert [each.epoch for each in asked] == list(range(41 - MOST_OPEN_REQUESTS, 41))


def test_each_holder_and_tranche_has_its_own_queue() -> None:
    every = [redemption(1), redemption(2, account="0xbb"), redemption(3, tranche="junior")]

    assert sorted(each.epoch for each in newest(every)) == [1, 2, 3]
