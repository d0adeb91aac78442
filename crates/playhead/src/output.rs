//! Writing to standard output, whose reader may leave whenever it likes (`| head`).

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

/// Prints bytes. A reader that has left is no error.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints a line.
pub(crate) fn print_line(line: impl Display) -> anyhow::Result<()> {
    print(format!("{line}\n").as_bytes())
}
