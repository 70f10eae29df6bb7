import pytest

from basket import till


@pytest.mark.skipif(till is None, reason="no till")
def test_open():
    assert till.open()


@pytest.mark.skipif(till is None, reason="no till")
def test_close():
    till.open()
    assert till.close()
