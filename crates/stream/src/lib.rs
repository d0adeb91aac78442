//! playhead-stream
