//! playhead-segments
