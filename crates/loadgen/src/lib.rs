//! playhead-loadgen
