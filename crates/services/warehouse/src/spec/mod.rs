//! The file that declares a stream.

mod columns;
mod flat;
mod marts;
mod model;
mod vault;

pub use columns::{Bound, Column, Derive, Lookup, Type};
pub use marts::{Mart, Measure, Tag};
pub use model::{
    Algorithm, Condition, Dictionary, Format, HashStore, Layers, Miss, Mode, Names, Pipeline, Rows, Source, Spec,
    VaultRules,
};
pub use vault::{
    AsOf, Bridge, EffectivitySatellite, ExtendedTrackingSatellite, Feed, Hub, Link, LinkedHub, MultiActiveSatellite,
    Pit, Reference, Satellite, Timeline, TrackingSatellite, TransactionalLink, Walk,
};
