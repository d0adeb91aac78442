//! playhead-testkit
