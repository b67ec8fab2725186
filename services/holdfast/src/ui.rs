//! What people see: plain lines, with colour only where a terminal shows it.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;

/// Why standard output takes no more, since it is one for the whole process.
static CLOSED: OnceLock<io::Error> = OnceLock::new();

/// Writes a line to standard output; [`written`] tells whether it came there.
pub fn line(text: impl Display) {
    print(format_args!("{text}\n"));
}

/// Writes text to standard output as it is; [`written`] tells whether it came there.
pub fn print(text: impl Display) {
    if is_open() {
        let mut output = io::stdout().lock();
        note_failure(write!(output, "{text}").and_then(|()| output.flush()));
    }
}

/// Takes note of how a write to standard output ended that somebody else did.
pub fn note_failure(written: io::Result<()>) {
    if let Err(error) = written {
        // The first is the one that counts.
        _ = CLOSED.set(error);
    }
}

/// Whether anybody takes what is written to standard output.
#[must_use]
pub fn is_open() -> bool {
    CLOSED.get().is_none()
}

/// Whether all of standard output was written. A reader that went away (`| head`) has what it wanted.
///
/// # Errors
/// What kept it from being written.
pub fn written() -> Result<(), &'static io::Error> {
    match CLOSED.get() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
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
