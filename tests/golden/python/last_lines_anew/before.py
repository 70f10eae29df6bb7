from shop.till import Till


def test_total(capsys):
    till = Till(rate=3)
    till.add(7)
    out = capsys.readouterr().out
    assert "total: {}".format(7) in out


def test_two_totals(capsys):
    till = Till(rate=3)
    till.add(7)
    till.add(8)
    out = capsys.readouterr().out
    assert "first" in out
    assert "{}/{}".format(7, 2) not in out
    assert "{}/{}".format(15, till.rate) in out
