# ... existing code ...

    # (delete report, the web page does this now)

    # insert after add:
    def remove(stop)
      @vans.each { |van| van.stops.delete(stop) }
      @seen.delete(stop.id)
    end

    private

# ... existing code ...
