//! playhead-app
