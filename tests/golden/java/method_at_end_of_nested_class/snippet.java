    // ... existing code ...

    private static final class Line {
        // ... existing code ...

        BigDecimal total() {
            // ... existing code ...
        }

        @Override
        public String toString() {
            return count + " x " + text;
        }
    }
}
