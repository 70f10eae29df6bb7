// ... existing code ...

    private final String number;
    private final LocalDate issued;
    private final LocalDate due;
    private final List<Line> lines = new ArrayList<>();
    private boolean paid;

    public Invoice(String number, LocalDate issued, LocalDate due) {
        this.number = Objects.requireNonNull(number, "number");
        this.issued = Objects.requireNonNull(issued, "issued");
        this.due = Objects.requireNonNull(due, "due");
    }

    // ... existing code ...

    public LocalDate getIssued() {
        return issued;
    }

    public LocalDate getDue() {
        return due;
    }

    // ... existing code ...
