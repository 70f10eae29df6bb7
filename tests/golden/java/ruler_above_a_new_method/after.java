class Camera {
    //----------------------
    // LOCAL METHODS
    //----------------------

    private String[] permissions() {
        return new String[] {"camera"};
    }

    private String directory() {
        return base + "/tmp";
    }
}
