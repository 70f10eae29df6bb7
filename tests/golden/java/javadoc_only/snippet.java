// ... existing code ...

    /**
     * Sends the oldest message.
     *
     * @return false if there was none, or if it could not be sent and waits again
     */
    public synchronized boolean sendNext() {
        // ... existing code ...
    }

    /** How many messages wait. */
    public synchronized int size() {
        // ... existing code ...
    }

// ... existing code ...
