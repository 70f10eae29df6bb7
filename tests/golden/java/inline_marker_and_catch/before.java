package org.example.mail;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

public final class Outbox {
    private final Deque<Message> waiting = new ArrayDeque<>();
    private final Transport transport;
    private final Clock clock;
    private int sent;

    public Outbox(Transport transport, Clock clock) {
        this.transport = transport;
        this.clock = clock;
    }

    public synchronized void put(Message message) {
        message.setQueued(Instant.now(clock));
        waiting.addLast(message);
    }

    public synchronized Optional<Message> peek() {
        return Optional.ofNullable(waiting.peekFirst());
    }

    public synchronized boolean sendNext() {
        Message message = waiting.pollFirst();
        if (message == null) {
            return false;
        }
        try {
            transport.send(message);
        } catch (TransportException e) {
            waiting.addFirst(message);
            return false;
        }
        sent++;
        return true;
    }

    public synchronized int size() {
        return waiting.size();
    }

    public synchronized int sent() {
        return sent;
    }
}
