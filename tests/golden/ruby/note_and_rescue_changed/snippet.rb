# ... requires and the public methods stay as they are ...

    def request(message)
      # ... headers ...
      begin
        # ... unchanged ...
      rescue Net::OpenTimeout, Net::ReadTimeout, Errno::ECONNRESET
        attempts += 1
        # replaces the plain `retry if`:
        if attempts < RETRIES
          sleep(0.2 * attempts)
          retry
        end
        raise
      end
    end
  end
end
