package app.notes.sync

import app.notes.data.NoteRepository
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlin.time.Duration
import kotlin.time.Duration.Companion.minutes

class SyncLoop(
    private val repository: NoteRepository,
    private val scope: CoroutineScope,
    private val every: Duration = 15.minutes,
) {
    private var job: Job? = null

    fun start() {
        if (job != null) {
            return
        }
        job = scope.launch {
            while (isActive) {
                repository.refresh()
                delay(every)
            }
        }
    }

    fun stop() {
        job?.cancel()
        job = null
    }

    fun restart() {
        stop()
        start()
    }

    fun running(): Boolean {
        return job?.isActive == true
    }
}
