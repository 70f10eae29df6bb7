  # ... existing code ...
  def open?
    state == "open"
  end

  def frozen?
    state == "frozen"
  end
  # ... existing code ...
