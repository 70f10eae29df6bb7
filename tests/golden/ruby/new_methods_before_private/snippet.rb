# ... existing code ...

    def create(attributes)
      post("/parcels", attributes)
    end

    def cancel(id, reason: nil)
      post("/parcels/#{id}/cancel", { reason: reason }.compact)
    end

    private

# ... existing code ...
