//! What the services need from the world: traits, their contracts and errors.
//!
//! The comment of a port is its contract: it promises only what every engine keeps. Each sentence of it is a case in
//! `playhead-conformance`, run against every engine. No driver's type appears here, and nothing here knows an engine.

mod base;
mod clock;
mod decimal;
mod dictionaries;
mod group;
mod log;
mod query;
mod recent;
mod sink;
mod staged;
mod target;
mod tokens;
mod warehouse;
mod working;

pub use base::{Base, BaseError, Fold, Forgetting};
pub use clock::{Clock, Ids};
pub use decimal::decimal;
pub use dictionaries::{Dictionaries, DictionaryChange, DictionaryError, DictionaryKey};
pub use group::{Change, Group, Release};
pub use log::{
    AppendError, Bounds, EventLog, Header, LogError, LogId, LogReader, Most, Record, Stored, Topic, TopicPartition,
};
pub use query::{Answer, Cell, Export, Query, QueryError};
pub use recent::{Delta, Epoch, Held, Recent, RecentError, Room, Veil};
pub use sink::{Advance, Batch, Checkpoint, CommitError, Prepared, Reject, Sink, SinkError};
pub use staged::{Field, FieldType, FieldValues, Staged};
pub use target::{Dialect, FoundTable, Target, TargetError};
pub use tokens::{Grant, Scope, Scopes, TokenError, Tokens};
pub use warehouse::{Column, ColumnType, Columns, Load, Shape, Step, Table, Values, Warehouse, WarehouseError};
pub use working::{Working, WorkingError, WorkingKey, WorkingWrite};
