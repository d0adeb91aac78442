//! The rules of watching: ids, units of time, events, and what follows from them.
//!
//! Everything here is pure: no I/O, no clock, no async. A position read from memory, a mart loaded into a warehouse and a
//! rebuilt view all follow from the same few functions, which is why they agree.
//!
//! - [`WatchEvent`], [`Mark`], [`Forget`], [`Video`]: what can happen; together a [`Fact`].
//! - [`State`]: what is kept of a (user, video) to answer "where did I stop"; merging it is a join of a semilattice.
//! - [`Position`]: what a [`State`] says when it is read.
//! - [`PairWork`], [`PlayWork`]: what is kept of a (user, video) to keep the marts true.

mod codec;
mod event;
mod id;
mod limits;
mod partition;
mod play;
mod position;
mod slice;
mod spans;
mod state;
mod time;
mod work;

pub use codec::{DecodeError, Stable};
pub use event::{Fact, Forget, Kind, Mark, MarkKind, Moment, Video, WatchEvent};
pub use id::{Id, IdError, IdKind, PlayId, PlayTag, UserId, UserTag, VideoId, VideoTag};
pub use limits::{FieldError, Label, Limits};
pub use partition::{Offset, partition_of};
pub use play::Play;
pub use position::Position;
pub use slice::{OffsetRange, Slice, SliceKey};
pub use spans::{Percents, Spans};
pub use state::{Marks, SLICES_MAX, State};
pub use time::{Day, Timestamp};
pub use work::{DayShare, PairWork, PlayWork, stretch_between};
