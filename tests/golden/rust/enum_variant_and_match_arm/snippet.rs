// ... existing code ...

pub enum Token {
    // ... existing variants ...
    RParen,
    Comma,
}

// ... existing code ...

    pub fn tokens(mut self) -> Result<Vec<Token>, LexError> {
        // ... existing code ...
                ')' => {
                    self.bump();
                    out.push(Token::RParen);
                }
                ',' => {
                    self.bump();
                    out.push(Token::Comma);
                }
                '+' | '-' | '*' | '/' | '%' => {
        // ... existing code ...
    }
}
