//! playhead-fjall
