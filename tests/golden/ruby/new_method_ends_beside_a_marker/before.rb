class Account < Record
  belongs_to :owner

  def open?
    state == "open"
  end

  def close
    update(state: "closed")
  end

  private

  def audit
    Audit.write(self)
  end
end
