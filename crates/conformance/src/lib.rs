//! playhead-conformance
