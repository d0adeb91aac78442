//! The warehouse: streams declared in a file, from the log through STG, Data Vault and marts, exactly once.
//!
//! `spec` is the file and its check, `intake` makes typed rows of messages, `plan` says which tables and statements follow from
//! a spec, `sql` writes them for a dialect. Nothing here knows an engine: a [`playhead_ports::Target`] runs what is planned.

pub mod dictionary;
pub mod hash;
pub mod intake;
pub mod pipeline;
pub mod plan;
pub mod spec;
pub mod sql;
pub mod topics;
