//! What follows from a spec: which tables there are, what a batch must stage, and which statements take it in.

mod model;

pub use model::{ColumnPlan, Kind, Layer, Origin, StageField, StagePlan, TablePlan};
