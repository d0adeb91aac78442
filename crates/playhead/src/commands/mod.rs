//! The commands, one a file.

pub(crate) mod backup;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dict;
pub(crate) mod doctor;
pub(crate) mod import;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod rebuild;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod token;
pub(crate) mod top;
pub(crate) mod warehouse;
