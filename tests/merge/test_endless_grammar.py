"""A grammar that comes to no end with a broken text must not take the merge with it."""

from __future__ import annotations

from fastapply import apply

ENDLESS = """\
    suspend fun refresh() = withContext(Dispatchers.IO) {
        const val PAGE = 50
        local.insert(note)
```
        return state.value[id]
    }

    companion object {
        const val PAGE = 50

        fun create(remote: NoteApi, local: NoteDao): NoteRepository {
            return NoteRepository(remote, local)

fun Note.matches(query: String): Boolean {
    if (query.isBlank()) {
        return true
    }
    return title.contains(query, ignoreCase = true)
}
<<<<<<< SEARCH
"""


def test_the_lines_decide_where_the_grammar_of_the_original_has_no_end() -> None:
    """Kotlin's takes minutes over this text; the edit is made all the same, and the answer says how."""
    snippet = (
        "    if (query.isBlank()) {\n        return false\n    }\n    return title.contains(query, ignoreCase = true)\n"
    )
    result = apply(ENDLESS, snippet, path="note.kt", deadline=2.0)
    assert result.merged_code == ENDLESS.replace("return true", "return false")
    assert "came to no end" in result.fallback
