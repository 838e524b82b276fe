//! Plays clips towards one leg: in order, repeated, for at most so long, music from where it stopped.
//!
//! **Owns**: [`Player`], [`ResumeMemory`]. **Must not know**: packets; it fills 20 ms frames of a
//! codec's bytes. All codecs here have 8 bytes per millisecond, so that a place in a clip is the same in each.

use super::clip::Clip;
use super::codec::AnyCodec;
use super::port::PlayRequest;
use crate::leg::PlayId;
use std::sync::Arc;
use std::time::Duration;

/// Samples of one frame: 20 ms at 8 kHz.
pub const FRAME: usize = 160;
/// How many pieces of music a leg remembers the place of.
const REMEMBERED: usize = 4;

/// A place in a list of clips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    clip: usize,
    sample: usize,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// It holds audio.
    Audio,
    /// Nothing was filled: a clip is being encoded for this codec.
    Waiting,
    /// Nothing was filled: the playing is over.
    Over,
}

/// One playing.
#[derive(Debug)]
pub struct Player {
    request: PlayRequest,
    position: Position,
    ends_at: Option<Duration>,
}

impl Player {
    /// A player that begins at `position` (a remembered one, or the default: the beginning). `now` and all later
    /// times are media time.
    #[must_use]
    pub fn new(request: PlayRequest, position: Position, now: Duration) -> Self {
        let ends_at = request.at_most.and_then(|length| now.checked_add(length));
        Self {
            request,
            position,
            ends_at,
        }
    }

    /// Which playing this is.
    #[must_use]
    pub fn id(&self) -> PlayId {
        self.request.play
    }

    /// It gives way to whatever a bridged party says.
    #[must_use]
    pub fn gives_way(&self) -> bool {
        self.request.until_heard
    }

    /// What it plays.
    #[must_use]
    pub fn clips(&self) -> &[Arc<Clip>] {
        &self.request.clips
    }

    /// Fills the next 20 ms. A last piece shorter than the frame is completed with silence; a clip that follows
    /// another begins at the next sample.
    pub fn fill(&mut self, codec: AnyCodec, frame: &mut [u8; FRAME], now: Duration) -> Fill {
        if self.ends_at.is_some_and(|end| now >= end) {
            return Fill::Over;
        }
        if self.clips().iter().any(|clip| clip.codes(codec).is_none()) {
            return Fill::Waiting;
        }
        let mut filled = 0;
        while filled < FRAME {
            let Some(piece) = self.next_piece(codec) else {
                break;
            };
            let length = piece.len().min(FRAME - filled);
            frame[filled..filled + length].copy_from_slice(&piece[..length]);
            self.position.sample += length;
            filled += length;
        }
        frame[filled..].fill(codec.silence());
        if filled > 0 { Fill::Audio } else { Fill::Over }
    }

    /// What lies at the position, after stepping over ends of clips; none at the end of all.
    fn next_piece(&mut self, codec: AnyCodec) -> Option<&[u8]> {
        let clips = &self.request.clips;
        // Twice round finds audio if there is any; clips without samples would otherwise turn for ever.
        for _ in 0..=clips.len() * 2 {
            if self.position.clip >= clips.len() {
                if !self.request.repeat {
                    return None;
                }
                self.position = Position::default();
            }
            let rest = clips
                .get(self.position.clip)?
                .codes(codec)?
                .get(self.position.sample..)
                .unwrap_or_default();
            if !rest.is_empty() {
                break;
            }
            self.position = Position {
                clip: self.position.clip + 1,
                sample: 0,
            };
        }
        let rest = clips
            .get(self.position.clip)?
            .codes(codec)?
            .get(self.position.sample..)?;
        (!rest.is_empty()).then_some(rest)
    }

    /// Ran out of clips, rather than being stopped or out of time.
    fn is_exhausted(&self) -> bool {
        self.position.clip >= self.request.clips.len()
    }
}

/// Where music stopped on a leg. Holds the clips, so that a place never belongs to another clip.
#[derive(Debug, Default)]
pub struct ResumeMemory {
    places: Vec<(Vec<Arc<Clip>>, Position)>,
}

impl ResumeMemory {
    /// Where to begin: a remembered place if the request wants that.
    #[must_use]
    pub fn start(&self, request: &PlayRequest) -> Position {
        let same = |clips: &[Arc<Clip>]| {
            clips.len() == request.clips.len()
                && clips
                    .iter()
                    .zip(&request.clips)
                    .all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let remembered = self.places.iter().find(|(clips, _)| same(clips));
        remembered
            .filter(|_| request.resume)
            .map_or_else(Position::default, |(_, position)| *position)
    }

    /// Takes a player that ended, by whatever cause.
    pub fn remember(&mut self, player: Player) {
        if !player.request.resume {
            return;
        }
        let clips = &player.request.clips;
        self.places.retain(|(known, _)| {
            known.len() != clips.len() || known.iter().zip(clips).any(|(a, b)| !Arc::ptr_eq(a, b))
        });
        if player.is_exhausted() {
            return;
        }
        if self.places.len() == REMEMBERED {
            self.places.remove(0);
        }
        self.places.push((player.request.clips, player.position));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::g711::Codec;

    const PCMU: AnyCodec = AnyCodec::G711(Codec::Pcmu);
    const PCMA: AnyCodec = AnyCodec::G711(Codec::Pcma);

    /// A clip whose mu-law bytes count up from `first`, so that positions can be read off.
    fn clip(first: u8, length: usize) -> Arc<Clip> {
        let codes = (0..length).map(|n| first.wrapping_add((n % 64) as u8));
        Arc::new(Clip::from_samples(
            codes.map(|code| Codec::Pcmu.decode(code)).collect(),
        ))
    }

    fn request(clips: &[Arc<Clip>]) -> PlayRequest {
        PlayRequest {
            play: PlayId(1),
            clips: clips.to_vec(),
            repeat: false,
            resume: false,
            at_most: None,
            until_heard: false,
        }
    }

    fn run(player: &mut Player, frames: u32) -> Vec<u8> {
        let mut heard = Vec::new();
        for n in 0..frames {
            let mut frame = [0; FRAME];
            if player.fill(PCMU, &mut frame, Duration::from_millis(20) * n) != Fill::Audio {
                break;
            }
            heard.extend(frame);
        }
        heard
    }

    #[test]
    fn clips_follow_each_other_without_a_gap_and_end_with_silence() {
        let (a, b) = (clip(0x80, 250), clip(0xc0, 100));
        let mut player = Player::new(
            request(&[a.clone(), b.clone()]),
            Position::default(),
            Duration::ZERO,
        );
        let heard = run(&mut player, 100);
        let mut expected = [a.ulaw(), b.ulaw()].concat();
        expected.resize(480, 0xff);
        assert_eq!(heard, expected);
    }

    #[test]
    fn another_codec_is_waited_for_and_made_once() {
        let a = clip(0x80, 250);
        let mut player = Player::new(
            request(std::slice::from_ref(&a)),
            Position::default(),
            Duration::ZERO,
        );
        let mut frame = [0; FRAME];
        assert_eq!(player.fill(PCMA, &mut frame, Duration::ZERO), Fill::Waiting);
        assert!(a.claim(PCMA) && !a.claim(PCMA) && !a.claim(PCMU));
        a.prepare(PCMA);
        assert_eq!(player.fill(PCMA, &mut frame, Duration::ZERO), Fill::Audio);
        let expected: Vec<u8> = a.pcm().iter().map(|one| Codec::Pcma.encode(*one)).collect();
        assert_eq!(frame, expected[..FRAME]);
        // The place is the same in each codec, and silence is the codec's own.
        player.fill(PCMU, &mut frame, Duration::ZERO);
        assert_eq!(frame[..90], a.ulaw()[160..]);
        assert!(frame[90..].iter().all(|code| *code == 0xff));
    }

    #[test]
    fn repetition_has_no_gap() {
        let a = clip(0x80, 250);
        let repeated = PlayRequest {
            repeat: true,
            ..request(std::slice::from_ref(&a))
        };
        let heard = run(
            &mut Player::new(repeated, Position::default(), Duration::ZERO),
            25,
        );
        assert_eq!(heard.len(), 4000);
        assert_eq!(heard, a.ulaw().repeat(16));
    }

    #[test]
    fn nothing_to_play_is_over_at_once() {
        let empty = Arc::new(Clip::from_samples(Vec::new()));
        for (clips, repeat) in [
            (vec![], false),
            (vec![], true),
            (vec![empty.clone(), empty], true),
        ] {
            let request = PlayRequest {
                repeat,
                ..request(&clips)
            };
            let mut player = Player::new(request, Position::default(), Duration::ZERO);
            let filled = player.fill(PCMU, &mut [0; FRAME], Duration::ZERO);
            assert_eq!(filled, Fill::Over);
        }
    }

    #[test]
    fn at_most_is_kept() {
        let at_most = Some(Duration::from_millis(100));
        let request = PlayRequest {
            repeat: true,
            at_most,
            ..request(&[clip(0x80, 99)])
        };
        assert_eq!(
            run(
                &mut Player::new(request, Position::default(), Duration::ZERO),
                50
            )
            .len(),
            5 * FRAME
        );
    }

    #[test]
    fn music_goes_on_where_it_stopped() {
        let music = clip(0x80, 10_000);
        let wanted = PlayRequest {
            resume: true,
            ..request(std::slice::from_ref(&music))
        };
        let mut memory = ResumeMemory::default();
        let mut first = Player::new(wanted.clone(), memory.start(&wanted), Duration::ZERO);
        run(&mut first, 10);
        memory.remember(first);
        // Something else plays in between.
        let other = request(&[clip(0x90, 500)]);
        memory.remember(Player::new(other, Position::default(), Duration::ZERO));
        let heard = run(
            &mut Player::new(wanted.clone(), memory.start(&wanted), Duration::ZERO),
            1,
        );
        assert_eq!(heard, music.ulaw()[1600..1760]);
        // Without `resume`, and with an equal but other clip, from the beginning.
        let again = PlayRequest {
            resume: false,
            ..wanted
        };
        assert_eq!(memory.start(&again), Position::default());
        let equal = PlayRequest {
            resume: true,
            ..request(&[clip(0x80, 10_000)])
        };
        assert_eq!(memory.start(&equal), Position::default());
    }

    #[test]
    fn music_that_ran_out_begins_anew_and_memory_is_bounded() {
        let mut memory = ResumeMemory::default();
        let wanted = PlayRequest {
            resume: true,
            ..request(&[clip(0x80, 500)])
        };
        let mut player = Player::new(wanted.clone(), Position::default(), Duration::ZERO);
        run(&mut player, 100);
        memory.remember(player);
        assert_eq!(memory.start(&wanted), Position::default());
        for _ in 0..20 {
            let wanted = PlayRequest {
                resume: true,
                ..request(&[clip(0x80, 500)])
            };
            memory.remember(Player::new(wanted, Position::default(), Duration::ZERO));
        }
        assert_eq!(memory.places.len(), REMEMBERED);
    }
}
