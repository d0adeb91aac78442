//! Making a change that the engine found no memory for, or for which it gave the database up: once more, with the readers
//! stopped and kept out. It does not know what the change is.

use std::time::Duration;

use crate::database::{Database, Writer};
use crate::failure::{Failure, Kind};
use crate::gate::{Closed, Stop};

/// How long a change waits before each further attempt. What the readers held is given back as they leave; if the engine
/// still finds none, the last attempt is made by a database that was opened anew and so holds nothing.
const WAITS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400)];

/// Makes the change. The engine's failure is given back if it is of another kind, or if the change alone needs more memory
/// than there is. The change must know by itself whether an earlier attempt has made it.
pub(crate) fn insist<T>(
    database: &Database,
    writer: &mut Writer,
    mut change: impl FnMut(&mut Writer) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut failure = match change(writer) {
        Err(failure) if may_go_alone(&failure) => failure,
        done => return done,
    };
    // Those who ask hold the memory; what was asked can be asked again.
    tracing::warn!(error = failure.message, "a change of the warehouse is made again without running queries");
    let why = if failure.is_of_memory() { Stop::TooLarge } else { Stop::Evicted };
    let alone = database.gate.close(Duration::ZERO, why);
    for wait in WAITS {
        std::thread::sleep(wait);
        failure = match attempt(database, writer, &alone, &failure, &mut change) {
            Err(failure) if may_go_alone(&failure) => failure,
            done => return done,
        };
    }
    database.reopen_alone(writer, &alone, || Ok(()))?;
    change(writer)
}

fn may_go_alone(failure: &Failure) -> bool {
    matches!(failure.kind, Kind::Memory | Kind::Invalidated)
}

fn attempt<T>(
    database: &Database,
    writer: &mut Writer,
    alone: &Closed,
    before: &Failure,
    change: &mut impl FnMut(&mut Writer) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if before.kind == Kind::Invalidated {
        tracing::error!(error = before.message, "the engine has given the database up: it is opened again");
        database.reopen_alone(writer, alone, || Ok(()))?;
    }
    change(writer)
}
