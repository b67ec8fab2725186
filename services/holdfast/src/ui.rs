//! What people see: plain lines, with colour only where a terminal shows it.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

/// Writes a line to standard output. A reader that went away (`| head`) is not an error.
pub fn line(text: impl Display) {
    _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line to standard error.
pub fn note(text: impl Display) {
    _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Paints text for standard output, or leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colour: bool,
}

/// The colours in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Trouble, and what is taken away.
    Red,
    /// Success, and what is added.
    Green,
    /// Changes and warnings.
    Yellow,
    /// A name.
    Blue,
    /// A name.
    Magenta,
    /// A name, a link.
    Cyan,
    /// What is said in passing.
    Dim,
    /// A heading.
    Bold,
}

impl Paint {
    /// Colour if standard output is a terminal and `NO_COLOR` is not set.
    #[must_use]
    pub fn from_environment() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: std::io::stdout().is_terminal() && !refused,
        }
    }

    /// Never colour.
    #[must_use]
    pub fn plain() -> Self {
        Self { colour: false }
    }

    /// Whether colours are shown.
    #[must_use]
    pub fn is_colour(self) -> bool {
        self.colour
    }

    /// `text` in a colour.
    #[must_use]
    pub fn paint(self, colour: Colour, text: impl Display) -> String {
        if !self.colour {
            return text.to_string();
        }
        let code = match colour {
            Colour::Red => "31",
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Blue => "34",
            Colour::Magenta => "35",
            Colour::Cyan => "36",
            Colour::Dim => "2",
            Colour::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
