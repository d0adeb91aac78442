//! The file that declares a stream.

mod check;
mod columns;
mod complaint;
mod flat;
mod marts;
mod model;
mod places;
mod read;
mod schema;
mod shape;
mod vault;

pub use columns::{Bound, Column, Derive, Lookup, Type};
pub use complaint::Complaint;
pub use marts::{Mart, Measure, Tag};
pub use model::{
    Algorithm, Condition, Dictionary, Format, HashStore, Layers, Loads, Miss, Mode, Names, Pipeline, Rows, Source,
    Spec, VaultRules,
};
pub use read::{parse, read};
pub use schema::json_schema;
pub use vault::{
    AsOf, Bridge, EffectivitySatellite, ExtendedTrackingSatellite, Feed, Hub, Link, LinkedHub, MultiActiveSatellite,
    Pit, Reference, Satellite, Timeline, TrackingSatellite, TransactionalLink, Walk,
};
