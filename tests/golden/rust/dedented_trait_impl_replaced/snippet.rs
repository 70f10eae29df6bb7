fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match self {
        LexError::UnexpectedChar(c, at) => {
            write!(f, "column {}: unexpected {c:?}", at + 1)
        }
        LexError::BadNumber(text) => write!(f, "bad number {text:?}"),
    }
}
