//! Media: RTP, RTCP, codecs, keys, prompts, recording timeline. PURE: no socket, clock, thread or tokio here;
//! `net/media_thread/` drives it.
//!
//! | file | what it is |
//! |---|---|
//! | `port.rs` | the values that cross: requests in, events and record blocks out |
//! | `leg.rs` | one leg's machine: believe or ignore, forward, play, send keys, report |
//! | `latch.rs` | whom to believe: symmetric RTP with a short learning window |
//! | `sequence.rs` | loss, order, restarts, jitter of what arrives |
//! | `outbound.rs` | the continuous numbers of what we send |
//! | `rtp.rs`, `rtcp.rs` | the packets |
//! | `secure/` | a browser's leg: ICE, DTLS and SRTP between the socket and the leg's machine |
//! | `dtmf.rs`, `inband.rs` | keys as RFC 4733 events and as tones, both ways |
//! | `codec.rs`, `g711.rs`, `halfband.rs`, `opus.rs` | the codecs, and the way between 8 and 16 kHz |
//! | `clip.rs`, `resample.rs`, `player.rs` | prompts: read, brought to 8 kHz, played in 20 ms frames |
//! | `playout.rs`, `conceal.rs` | the jitter buffer of bridges that decode, and what is heard in place of lost audio |
//! | `mos.rs` | what a listener would say of a leg |
//! | `timeline.rs` | the stereo recording's one timeline |
//! | `tone.rs` | test signals and how to hear them |
//!
//! # Rules
//! - **Time** is media time: a `Duration` since the media plane started, handed in.
//! - **Forwarding is packet-driven**: what a bridged party sends leaves as it arrives, payload untouched. The 20 ms
//!   wheel drives only what we generate: prompts, music, keys, reports, the recording's blocks, and the sound of a
//!   bridge that decodes (any two of G.711, G.722 and Opus), which goes through a jitter buffer.
//! - **One stream out per leg**: SSRC, sequence and timestamps stay continuous while its source changes. A marker
//!   tells the receiver where.
//! - **Nothing that arrives can stop a leg**: what cannot be believed is counted and dropped.
//! - **No allocation per packet**: machines write into the caller's buffer. In `secure/` the SRTP
//!   crate makes one, in `opus.rs` the encoder three.

pub mod clip;
pub mod codec;
pub mod conceal;
pub mod dtmf;
pub mod g711;
pub mod halfband;
pub mod inband;
pub mod latch;
pub mod leg;
pub mod mos;
pub mod opus;
pub mod outbound;
pub mod player;
pub mod playout;
pub mod port;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod secure;
pub mod sequence;
pub mod timeline;
pub mod tone;
