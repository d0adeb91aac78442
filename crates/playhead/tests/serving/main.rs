//! Pipelines in a running server: that they never stand in the way of players, that they are fed and asked over HTTP, and
//! that they go on after a restore.

mod asking;
mod forgetting;
mod loading;
mod restoring;
mod scene;
mod starting;
