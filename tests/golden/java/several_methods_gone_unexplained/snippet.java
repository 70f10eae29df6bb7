// ... existing code ...

    public Invoice(String number, LocalDate issued) {
        this.number = Objects.requireNonNull(number, "number");
        this.issued = Objects.requireNonNull(issued, "issued");
    }

    public void pay() {
        if (paid) {
            throw new IllegalStateException("already paid");
        }
        this.paid = true;
    }

// ... existing code ...
