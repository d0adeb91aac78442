//! Names of the fields that staged rows and the tables of STG have besides the stream's own columns.

/// The hash of the message's identity.
pub const MESSAGE: &str = "_message";
/// The number that orders versions of a message.
pub const VERSION: &str = "_version";
/// The hash of the message's bytes.
pub const CONTENT: &str = "_content";
/// The place of a row among the rows of its message.
pub const PLACE: &str = "_place";
/// Whether a row is of the newest version of its message.
pub const IS_NEWEST: &str = "_is_newest";
/// When it happened.
pub const EVENT_TIME: &str = "_event_time";
/// When it was loaded.
pub const LOAD_TIME: &str = "_load_time";
/// Where it came from.
pub const RECORD_SOURCE: &str = "_record_source";
/// The topic or file.
pub const TOPIC: &str = "_topic";
/// The partition.
pub const PARTITION: &str = "_partition";
/// The offset or line.
pub const OFFSET: &str = "_offset";
/// The message's bytes.
pub const PAYLOAD: &str = "_payload";
/// The message's headers.
pub const HEADERS: &str = "_headers";
/// The hash of a set, in multi-active satellites of mode `safe`.
pub const SET: &str = "_set";
/// How many rows a total is over.
pub const ROWS: &str = "_rows";
