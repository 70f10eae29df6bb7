use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use crate::span::Span;

// …
            if !c.is_alphanumeric() && c != '_' {
                break;
            }
// …
                c if c.is_alphabetic() || c == '_' => out.push(self.ident()),
// …
