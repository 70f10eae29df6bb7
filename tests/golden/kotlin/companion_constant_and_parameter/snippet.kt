// ... existing code ...

class NoteRepository(
    // ... existing parameters ...
    private val local: NoteDao,
    private val clock: Clock = Clock.System,
) {
    // ... existing code ...

    companion object {
        const val PAGE = 50
        const val MAX_NOTES = 10_000

        // ... existing code ...
    }
}

// ... existing code ...
