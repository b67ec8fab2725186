//! Where the output of the children goes.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::ui::{self, Colour, Paint};

/// Where the output of the children goes.
#[derive(Clone, Debug)]
pub enum Logs {
    /// To standard output, each line with the name of its process.
    Prefixed(Paint),
    /// To one file per process in a folder: nothing passes through the supervisor.
    Files(PathBuf),
}

const COLOURS: [Colour; 6] = [
    Colour::Cyan,
    Colour::Green,
    Colour::Yellow,
    Colour::Blue,
    Colour::Magenta,
    Colour::Bold,
];

impl Logs {
    /// What a new child writes to: its standard output and its standard error.
    pub(super) fn stdio(&self, name: &str) -> std::io::Result<(Stdio, Stdio)> {
        match self {
            Self::Prefixed(_) => Ok((Stdio::piped(), Stdio::piped())),
            Self::Files(folder) => {
                std::fs::create_dir_all(folder)?;
                let path = folder.join(format!("{name}.log"));
                let file = File::options().create(true).append(true).open(path)?;
                Ok((file.try_clone()?.into(), file.into()))
            }
        }
    }

    /// Passes on what a child writes, until it ends. Does nothing where the child writes to a file.
    pub(super) fn follow(&self, name: &'static str, output: impl AsyncRead + Unpin + Send + 'static) {
        if let Self::Prefixed(paint) = self {
            let prefix = prefix(*paint, name);
            tokio::spawn(async move {
                let mut lines = BufReader::new(output).split(b'\n');
                while let Ok(Some(line)) = lines.next_segment().await {
                    ui::line(format_args!(
                        "{prefix}{}",
                        String::from_utf8_lossy(&line).trim_end()
                    ));
                }
            });
        }
    }

    /// Says something in the name of the supervisor.
    pub(super) fn say(&self, text: impl std::fmt::Display) {
        match self {
            Self::Prefixed(paint) => ui::line(format_args!("{}{text}", prefix(*paint, "holdfast"))),
            Self::Files(_) => ui::note(format_args!("holdfast: {text}")),
        }
    }
}

fn prefix(paint: Paint, name: &str) -> String {
    let mark = name.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let colour = COLOURS.get(mark % COLOURS.len()).copied().unwrap_or(Colour::Bold);
    paint.paint(colour, format_args!("{name:>17} | "))
}
