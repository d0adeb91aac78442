//! playhead-watch
