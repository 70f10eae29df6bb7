    public void pay() {
        if (paid) {
            throw new IllegalStateException("already paid");
        }
        if (lines.isEmpty()) {
            throw new IllegalStateException("nothing to pay");
        }
        paid = true;
    }
