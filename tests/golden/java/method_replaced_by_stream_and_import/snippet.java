// ... existing imports ...
import java.util.List;
import java.util.Objects;

// ... javadoc unchanged ...
public class Invoice {

    // ... other members ...

    public BigDecimal net() {
        return lines.stream().map(Line::total).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    // ... other members ...
}
