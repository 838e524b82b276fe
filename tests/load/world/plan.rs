//! What a run is asked to do and what it has seen. **Owns**: these values. **Must not know**: how calls are made.

use std::time::Duration;

/// One call as the generator saw it.
#[derive(Clone, Debug)]
pub(crate) struct Witnessed {
    /// The caller's number.
    pub(crate) number: String,
    /// A 200 came.
    pub(crate) answered: bool,
    /// The caller heard the agent.
    pub(crate) talked: bool,
    /// Packets the caller had sent in all.
    pub(crate) sent: u32,
    /// Packets the caller had sent before hearing the agent.
    pub(crate) before_talk: u32,
    /// How far speech through the server lagged at the end, in packets: what was sent is still in sockets by that much.
    pub(crate) lag: u32,
}

impl Witnessed {
    /// Packets that the caller has sent since hearing the agent; none without a talk.
    pub(crate) fn talked_for(&self) -> u32 {
        if self.talked {
            self.sent.saturating_sub(self.before_talk)
        } else {
            0
        }
    }
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) cps: u64,
    pub(crate) calls: u64,
    /// Talk this long after first hearing the agent; none: BYE 1 s after the answer.
    pub(crate) talk: Option<Duration>,
    /// What agents' phones are.
    pub(crate) line: Line,
    /// Speech without marks, and no BYE but by command: what flows is counted, not followed.
    pub(crate) steady: bool,
    /// Nobody speaks: callers wait, agents answer at once and hang up after this.
    pub(crate) handling: Option<Duration>,
    /// Added to a call's place in its caller's number, so that waves on one folder are told apart.
    pub(crate) first: usize,
}

impl Plan {
    pub(crate) fn answer_only(cps: u64, calls: u64) -> Self {
        Self {
            cps,
            calls,
            talk: None,
            line: Line::Plain,
            steady: false,
            handling: None,
            first: 0,
        }
    }
    /// Callers who wait in silence until an agent has served each.
    pub(crate) fn wait(cps: u64, calls: u64, handling: Duration) -> Self {
        Self {
            handling: Some(handling),
            ..Self::answer_only(cps, calls)
        }
    }
    pub(crate) fn talk(cps: u64, calls: u64, talk: Duration) -> Self {
        Self {
            cps,
            calls,
            talk: Some(talk),
            ..Self::answer_only(cps, calls)
        }
    }
    pub(crate) fn steady(calls: u64, line: Line) -> Self {
        Self {
            line,
            steady: true,
            ..Self::talk(10, calls, Duration::ZERO)
        }
    }
}

/// What an agent's phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Plain RTP, PCMU.
    Plain,
    /// A browser's ICE, DTLS and SRTP, PCMU.
    Browser,
    /// The same, Opus.
    BrowserInOpus,
}

/// Times in ms, as the report wants them.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) setup: Vec<f64>,
    pub(crate) queue_to_invite: Vec<f64>,
    /// From an agent's readiness (200 to REGISTER heard, BYE sent) to the next INVITE at that agent.
    pub(crate) ready_to_invite: Vec<f64>,
    pub(crate) answer_to_audio: Vec<f64>,
    pub(crate) one_way: Vec<f64>,
    pub(crate) gaps: Vec<f64>,
    pub(crate) retransmissions: u64,
    pub(crate) failed: u64,
    pub(crate) done: u64,
    pub(crate) packets: u64,
    pub(crate) missing: u64,
    pub(crate) deaf: u64,
    pub(crate) call_seconds: f64,
    pub(crate) peak_rss_kb: f64,
}
