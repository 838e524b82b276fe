//! Prompt audio, ready to send.

/// One prompt or piece of music, decoded and resampled once. (stub)
#[derive(Debug)]
pub struct Clip {}
