//! A tiny tokenizer for the rule language.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Ident(String),
    Number(f64),
    Op(char),
    LParen,
    RParen,
}

#[derive(Debug)]
pub enum LexError {
    UnexpectedChar(char, usize),
    BadNumber(String),
}

impl fmt::Display for LexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LexError::UnexpectedChar(c, at) => {
                write!(f, "column {}: unexpected {c:?}", at + 1)
            }
            LexError::BadNumber(text) => write!(f, "bad number {text:?}"),
        }
    }
}

pub struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    pos: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Lexer {
            chars: text.chars().peekable(),
            pos: 0,
        }
    }

    fn bump(&mut self) -> Option<char> {
        self.pos += 1;
        self.chars.next()
    }

    fn ident(&mut self) -> Token {
        let mut text = String::new();
        while let Some(&c) = self.chars.peek() {
            if !c.is_alphanumeric() {
                break;
            }
            text.push(c);
            self.bump();
        }
        Token::Ident(text)
    }

    fn number(&mut self) -> Result<Token, LexError> {
        let mut text = String::new();
        while let Some(&c) = self.chars.peek() {
            if !c.is_ascii_digit() && c != '.' {
                break;
            }
            text.push(c);
            self.bump();
        }
        text.parse()
            .map(Token::Number)
            .map_err(|_| LexError::BadNumber(text))
    }

    pub fn tokens(mut self) -> Result<Vec<Token>, LexError> {
        let mut out = Vec::new();
        while let Some(&c) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\n' => {
                    self.bump();
                }
                '(' => {
                    self.bump();
                    out.push(Token::LParen);
                }
                ')' => {
                    self.bump();
                    out.push(Token::RParen);
                }
                '+' | '-' | '*' | '/' => {
                    self.bump();
                    out.push(Token::Op(c));
                }
                c if c.is_alphabetic() => out.push(self.ident()),
                c if c.is_ascii_digit() => out.push(self.number()?),
                c => return Err(LexError::UnexpectedChar(c, self.pos)),
            }
        }
        Ok(out)
    }
}
