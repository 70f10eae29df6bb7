// ... existing code ...

/// Splits a rule into tokens. White space separates them and is dropped.
pub struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    /// Characters consumed so far, for error messages.
    pos: usize,
}

// ... existing code ...
