// ... existing code ...
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

public final class Outbox {
    private static final Logger LOG = Logger.getLogger(Outbox.class.getName());
    private final Deque<Message> waiting = new ArrayDeque<>(); // ... other fields unchanged ...

    // ... existing code ...
        } catch (TransportException e) {
            LOG.log(Level.WARNING, "not sent, kept", e);
            waiting.addFirst(message);
            return false;
        }
    // ... existing code ...
}
