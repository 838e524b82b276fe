//! `cordboard call`: a test phone that places one call.
//!
//! **Owns**: the call's script: dial, wait for prompts to end, press keys, play, record, hang up.

use super::ears::Ears;
use super::phone_config;
use recordings::wav::WavWriter;
use sip_gateway::leg::{
    Accounts, Dial, DialTarget, GatewayCommand, GatewayEvent, LegEndCause, LegEvent, LegId, PlayId,
    StreamId,
};
use sip_gateway::media::clip::Clip;
use sip_gateway::media::port::{PlayRequest, RecordBlock, RecordRequest};
use sip_gateway::net::Gateway;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The voice the phone speaks with unless told otherwise.
const VOICE: &[u8] = include_bytes!("caller-voice.wav");

/// Between two keys.
const KEY_GAP: Duration = Duration::from_millis(400);

/// What to do.
#[derive(Clone, Debug, Default)]
pub struct CallPlan {
    /// `sip:9000@127.0.0.1:5060`.
    pub uri: String,
    /// Our number; anonymous when none.
    pub from: Option<String>,
    /// Keys to press, one after each prompt.
    pub press: String,
    /// WAV to play in a loop from the answer on.
    pub play: Option<PathBuf>,
    /// Where what is heard is written.
    pub record: Option<PathBuf>,
    /// Hang up this long after the answer.
    pub hang_up_after: Option<Duration>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReport {
    /// The far end answered.
    pub answered: bool,
    /// The call ended by a BYE of either side.
    pub in_order: bool,
    /// From the answer to the end.
    pub talked: Duration,
    /// Why it ended, in words.
    pub end: String,
}

/// Something to show to the person at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It rings.
    Ringing,
    /// The far end answered.
    Answered,
    /// A key was pressed.
    Pressed(char),
}

#[derive(Debug)]
struct Phone {
    gateway: Gateway,
    leg: LegId,
    plan: CallPlan,
    keys: std::collections::VecDeque<char>,
    ears: Ears,
    wav: Option<WavWriter>,
    frames: u64,
    answered: Option<Instant>,
    next_key: Option<Instant>,
    hung_up: bool,
}

/// Places the call and stays until it is over. `interrupt` (Ctrl-C) hangs up.
///
/// # Errors
/// When the phone cannot start or a file cannot be used.
pub async fn place(
    plan: CallPlan,
    mut interrupt: tokio::sync::oneshot::Receiver<()>,
    mut show: impl FnMut(Progress),
) -> anyhow::Result<CallReport> {
    let voice = Arc::new(voice(&plan)?);
    let (gateway, mut events) = Gateway::start(phone_config(
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        Accounts::default(),
    ))
    .await?;
    let leg = gateway.new_leg_id();
    let wav = plan
        .record
        .as_deref()
        .map(|path| WavWriter::create(path, 8000))
        .transpose()?;
    let (sink, blocks) = std::sync::mpsc::sync_channel(256);
    let mut heard = pump(blocks);
    let dial = Dial {
        target: DialTarget::Uri(plan.uri.clone()),
        from_user: plan.from.clone(),
        from_name: None,
        headers: Vec::new(),
        credentials: None,
    };
    gateway.send(GatewayCommand::Dial { leg, dial }).await?;
    let keys = plan
        .press
        .chars()
        .filter(|key| !key.is_whitespace())
        .collect();
    let mut phone = Phone {
        gateway,
        leg,
        plan,
        keys,
        ears: Ears::default(),
        wav,
        frames: 0,
        answered: None,
        next_key: None,
        hung_up: false,
    };
    let cause = loop {
        let hang_up_at = phone.hang_up_at();
        tokio::select! {
            event = events.recv() => match event {
                Some(GatewayEvent::Leg { event: LegEvent::Ended { cause, .. }, .. }) => break cause,
                Some(GatewayEvent::Leg { event: LegEvent::Progress { status }, .. }) if status >= 180 => show(Progress::Ringing),
                Some(GatewayEvent::Leg { event: LegEvent::Answered, .. }) => {
                    show(Progress::Answered);
                    phone.begin(voice.clone(), sink.clone()).await?;
                }
                Some(_) => {}
                None => anyhow::bail!("the phone's gateway stopped"),
            },
            Some(block) = heard.recv() => {
                if let Some(key) = phone.hear(&block).await? {
                    show(Progress::Pressed(key));
                }
            }
            () = tokio::time::sleep_until(hang_up_at.unwrap_or_else(far)), if hang_up_at.is_some() && !phone.hung_up => phone.hang_up().await?,
            Ok(()) = &mut interrupt, if !phone.hung_up => phone.hang_up().await?,
        }
    };
    phone.report(cause)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(86_400)
}

fn voice(plan: &CallPlan) -> anyhow::Result<Clip> {
    let clip = match &plan.play {
        None => {
            Clip::from_wav(VOICE).map_err(|error| anyhow::anyhow!("built-in voice: {error}"))?
        }
        Some(path) => {
            let bytes = std::fs::read(path)
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            Clip::from_wav(&bytes)
                .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?
        }
    };
    Ok(clip)
}

/// Blocks from the media thread's ring into the task, in a thread of their own; ends with the ring.
fn pump(blocks: std::sync::mpsc::Receiver<RecordBlock>) -> mpsc::Receiver<RecordBlock> {
    let (sender, receiver) = mpsc::channel(256);
    std::thread::spawn(move || {
        while let Ok(block) = blocks.recv() {
            if sender.blocking_send(block).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Phone {
    async fn begin(
        &mut self,
        voice: Arc<Clip>,
        sink: std::sync::mpsc::SyncSender<RecordBlock>,
    ) -> anyhow::Result<()> {
        self.answered = Some(Instant::now());
        let request = PlayRequest {
            play: PlayId(1),
            clips: vec![voice],
            repeat: true,
            resume: false,
            at_most: None,
            until_heard: false,
        };
        self.gateway
            .send(GatewayCommand::Play {
                leg: self.leg,
                request,
            })
            .await?;
        let recording = RecordRequest {
            stream: StreamId(1),
            left: self.leg,
            right: self.leg,
            sample_rate: 8000,
            sink,
        };
        self.gateway
            .send(GatewayCommand::StartRecording(recording))
            .await?;
        Ok(())
    }

    /// Listens; presses the next key when the prompt has ended.
    async fn hear(&mut self, block: &RecordBlock) -> anyhow::Result<Option<char>> {
        let RecordBlock::Samples {
            start_frame,
            samples,
            ..
        } = block
        else {
            return Ok(None);
        };
        if let Some(wav) = &mut self.wav {
            wav.write_at(*start_frame, samples)?;
        }
        self.frames = start_frame + samples.len() as u64 / 2;
        let mono: Vec<i16> = samples.chunks_exact(2).map(|pair| pair[0]).collect();
        if self.keys.is_empty() || !self.ears.hear(&mono) {
            return Ok(None);
        }
        if self.next_key.is_some_and(|then| Instant::now() < then) {
            return Ok(None);
        }
        let Some(key) = self.keys.pop_front() else {
            return Ok(None);
        };
        self.gateway
            .send(GatewayCommand::SendKey { leg: self.leg, key })
            .await?;
        self.next_key = Some(Instant::now() + KEY_GAP);
        self.ears.again();
        Ok(Some(key))
    }

    fn hang_up_at(&self) -> Option<Instant> {
        Some(self.answered? + self.plan.hang_up_after?)
    }

    async fn hang_up(&mut self) -> anyhow::Result<()> {
        self.hung_up = true;
        self.gateway.send(GatewayCommand::Hangup(self.leg)).await?;
        Ok(())
    }

    fn report(self, cause: LegEndCause) -> anyhow::Result<CallReport> {
        if let Some(mut wav) = self.wav {
            wav.finish(self.frames)?;
        }
        let answered = self.answered.is_some();
        let in_order = answered && matches!(cause, LegEndCause::Bye | LegEndCause::Local);
        let end = match cause {
            LegEndCause::Bye => "the far end hung up".to_owned(),
            LegEndCause::Local => "hung up".to_owned(),
            LegEndCause::Rejected(404) => "refused: 404, nobody has this number".to_owned(),
            LegEndCause::Rejected(401 | 403 | 407) => {
                "refused: this address is no trunk; add it to `from` of a [[trunks]] in company.toml".to_owned()
            }
            LegEndCause::Rejected(status) => format!("refused: {status}"),
            LegEndCause::Timeout { .. } | LegEndCause::Unreachable => {
                "nobody answers there: is Cordboard running, and is this its SIP port?".to_owned()
            }
            other => other.as_text(),
        };
        let talked = self
            .answered
            .map(|since| since.elapsed())
            .unwrap_or_default();
        Ok(CallReport {
            answered,
            in_order,
            talked,
            end,
        })
    }
}
