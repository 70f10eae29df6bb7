class Camera {
    //----------------------
    // LOCAL METHODS
    //----------------------

    private String directory() {
        return base + "/tmp";
    }
}
