fun Note.matches(query: String): Boolean =
    query.isBlank() || title.contains(query, ignoreCase = true) || body.contains(query, ignoreCase = true)
