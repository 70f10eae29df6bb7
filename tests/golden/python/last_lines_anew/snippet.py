# ... existing code ...
    till.add(8)
    out = capsys.readouterr().out
    assert "first" in out
    assert f"{7}/{2}" not in out
    assert f"{15}/{till.rate}" in out
