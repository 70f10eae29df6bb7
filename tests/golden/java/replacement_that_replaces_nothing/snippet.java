    // ... existing code ...
    boolean isText() {
        return which == Kind.TEXT;
    }

    // <<< replace the three int constants with this enum >>>
    private enum Kind {
        EXACT,
        TEXT,
        REST
    }
}
