//! playhead-edge
