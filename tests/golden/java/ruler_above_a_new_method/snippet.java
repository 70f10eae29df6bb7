// ... existing code ...
    //----------------------

    private String[] permissions() {
        return new String[] {"camera"};
    }

    private String directory() {
// ... existing code ...
