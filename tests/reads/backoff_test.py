"""The delays between two tries of a stream that broke."""

import pytest

from kubectl_mc.reads import backoff


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (6, 6.4), (7, 10.0), (8, 10.0), (100_000, 10.0)]
)
def test_the_delay_doubles_up_to_its_limit(failures: int, seconds: float) -> None:
    assert backoff.delay(failures) == pytest.approx(seconds)
