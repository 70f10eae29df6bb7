package app.notes.data

import app.notes.model.Note
import app.notes.model.NoteId
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.withContext

class NoteRepository(
    private val remote: NoteApi,
    private val local: NoteDao,
) {
    private val state = MutableStateFlow<Map<NoteId, Note>>(emptyMap())

    val notes: Flow<List<Note>> = state.map { it.values.sortedBy(Note::title) }

    suspend fun refresh() = withContext(Dispatchers.IO) {
        val fresh = remote.all()
        local.replaceAll(fresh)
        state.value = fresh.associateBy(Note::id)
    }

    suspend fun save(note: Note) = withContext(Dispatchers.IO) {
        local.insert(note)
        remote.put(note)
        state.value = state.value + (note.id to note)
    }

    suspend fun delete(id: NoteId) = withContext(Dispatchers.IO) {
        local.delete(id)
        remote.delete(id)
        state.value = state.value - id
    }

    fun find(id: NoteId): Note? {
        return state.value[id]
    }

    companion object {
        const val PAGE = 50

        fun create(remote: NoteApi, local: NoteDao): NoteRepository {
            return NoteRepository(remote, local)
        }
    }
}

fun Note.matches(query: String): Boolean =
    query.isBlank() || title.contains(query, ignoreCase = true) || body.contains(query, ignoreCase = true)
