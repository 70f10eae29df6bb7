# ... existing code ...
-@pytest.mark.skipif(till is None, reason="no till")
+@pytest.mark.skipif(
+    till is None, reason="the till is out of order on some machines"
+)
 def test_open():
     assert till.open()
# ... existing code ...
-@pytest.mark.skipif(till is None, reason="no till")
+@pytest.mark.skipif(
+    till is None, reason="the till is out of order on some machines"
+)
 def test_close():
# ... existing code ...
