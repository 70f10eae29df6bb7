package org.example.billing;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * An invoice with its lines. Not thread safe.
 */
public class Invoice {

    private static final BigDecimal VAT = new BigDecimal("0.19");

    private final String number;
    private final LocalDate issued;
    private final List<Line> lines = new ArrayList<>();
    private boolean paid;

    public Invoice(String number, LocalDate issued) {
        this.number = Objects.requireNonNull(number, "number");
        this.issued = Objects.requireNonNull(issued, "issued");
    }

    public String getNumber() {
        return number;
    }

    public LocalDate getIssued() {
        return issued;
    }

    public boolean isPaid() {
        return paid;
    }

    public void add(String text, int count, BigDecimal price) {
        if (paid) {
            throw new IllegalStateException("already paid");
        }
        lines.add(new Line(text, count, price));
    }

    public BigDecimal net() {
        BigDecimal sum = BigDecimal.ZERO;
        for (Line line : lines) {
            sum = sum.add(line.total());
        }
        return sum;
    }

    public BigDecimal gross() {
        return net()
            .multiply(BigDecimal.ONE.add(VAT))
            .setScale(2, RoundingMode.HALF_UP);
    }

    public void pay() {
        if (paid) {
            throw new IllegalStateException("already paid");
        }
        paid = true;
    }

    private static final class Line {
        private final String text;
        private final int count;
        private final BigDecimal price;

        Line(String text, int count, BigDecimal price) {
            this.text = text;
            this.count = count;
            this.price = price;
        }

        BigDecimal total() {
            return price.multiply(BigDecimal.valueOf(count));
        }
    }
}
