//! playhead-system
