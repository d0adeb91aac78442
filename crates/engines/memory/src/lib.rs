//! playhead-memory
