impl<'a> Lexer<'a> {
    // ... existing code ...

    fn bump(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    // ... existing code ...
}
