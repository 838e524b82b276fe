//! Media: RTP, RTCP, codecs, keys, prompts, recording timeline. PURE: no socket, clock, thread or tokio here;
//! `net/media_thread.rs` drives it.

pub mod clip;
pub mod port;
