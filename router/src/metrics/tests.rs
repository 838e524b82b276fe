//! Stories as logs: what the rows say of them, and that a log with a hole or a lie in it does not pass.

use super::audit::{Audit, Report, Scope};
use super::*;
use crate::agent::{AgentState, Reason};
use crate::company::Skills;
use crate::event::{Direction, LegRole, PauseCause, TalkChange};
use crate::id::{AgentId, InteractionId, LegId, OfferId, QueueEntryId, QueueId};
use crate::outcome::{EndCause, EntryOutcome, OfferOutcome, Outcome};
use crate::{Event, LogLine, Timestamp};
use proptest::prelude::*;
use std::time::Duration;

const ANA: AgentId = AgentId::from_number(1);
const BEN: AgentId = AgentId::from_number(2);
const SUPPORT: QueueId = QueueId::from_number(1);
const SALES: QueueId = QueueId::from_number(2);

/// 10:00:00 UTC of some day, the beginning of a quarter of an hour.
const TEN: i64 = 1_700_042_400_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(TEN + seconds * 1_000)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A log that is being told.
#[derive(Default)]
struct Log(Vec<LogLine>);

impl Log {
    fn say(&mut self, seconds: i64, event: Event) {
        let seq = self.0.len() as u64 + 1;
        self.0.push(LogLine {
            seq,
            at: at(seconds),
            event,
            personal: None,
        });
    }

    fn state(&mut self, seconds: i64, agent: AgentId, from: AgentState, to: AgentState) {
        let event = Event::AgentStateChanged {
            agent,
            from,
            to,
            reason: (to == AgentState::NotReady).then(|| Reason::Company("lunch".into())),
            interaction: None,
            idle_since: at(seconds),
            ready_seq: 1,
            occupancy: 0,
            calls: 0,
        };
        self.say(seconds, event);
    }

    fn arrives(&mut self, seconds: i64, call: u64) {
        let event = Event::CallArrived {
            interaction: InteractionId::from_number(call),
            leg: LegId::from_number(call * 10),
            trunk: None,
            flow: "main".into(),
            flow_version: "1".into(),
            direction: Direction::Inbound,
            agent: None,
        };
        self.say(seconds, event);
    }

    fn enters(&mut self, seconds: i64, call: u64, entry: u64, queue: QueueId) {
        let event = Event::QueueEntered {
            interaction: InteractionId::from_number(call),
            entry: QueueEntryId::from_number(entry),
            queue,
            v: at(seconds),
            entry_seq: entry,
            class: 1,
            requirement: Skills::new(),
            asked: Skills::new(),
            wishes: Box::default(),
        };
        self.say(seconds, event);
    }

    fn leaves(&mut self, seconds: i64, call: u64, entry: u64, queue: QueueId, by: EntryOutcome) {
        let event = Event::QueueLeft {
            interaction: InteractionId::from_number(call),
            entry: QueueEntryId::from_number(entry),
            queue,
            outcome: by,
            agent: (by == EntryOutcome::Answered).then_some(ANA),
            refusal: None,
            closure: None,
        };
        self.say(seconds, event);
    }

    fn connected(&mut self, seconds: i64, call: u64, agent: AgentId) {
        let (interaction, leg) = (InteractionId::from_number(call), leg_of(call, agent));
        let started = Event::LegStarted {
            interaction,
            leg,
            role: LegRole::Agent,
            agent: Some(agent),
            sip_call_id: "x".into(),
        };
        self.say(seconds, started);
        let event = Event::Connected {
            interaction,
            agent,
            leg,
        };
        self.say(seconds, event);
    }

    fn leg_ends(&mut self, seconds: i64, call: u64, agent: AgentId) {
        let event = Event::LegEnded {
            interaction: InteractionId::from_number(call),
            leg: leg_of(call, agent),
            cause: "bye".into(),
            quality: None,
        };
        self.say(seconds, event);
    }

    fn changes(&mut self, seconds: i64, call: u64, change: TalkChange, agent: AgentId) {
        let event = Event::TalkChanged {
            interaction: InteractionId::from_number(call),
            change,
            agent: Some(agent),
            by: None,
            queue: None,
            user: None,
            leg: None,
        };
        self.say(seconds, event);
    }

    fn paused(&mut self, seconds: i64, call: u64, cause: Option<PauseCause>) {
        let interaction = InteractionId::from_number(call);
        let recording = None;
        let event = match cause {
            Some(cause) => Event::TalkPaused {
                interaction,
                recording,
                cause,
            },
            None => Event::TalkResumed {
                interaction,
                recording,
            },
        };
        self.say(seconds, event);
    }

    fn ends(&mut self, seconds: i64, call: u64, outcome: Outcome) {
        let event = Event::CallEnded {
            interaction: InteractionId::from_number(call),
            outcome,
            end_cause: EndCause::Customer,
        };
        self.say(seconds, event);
    }

    fn wrap_up(&mut self, from: i64, to: i64, call: u64, agent: AgentId) {
        let interaction = InteractionId::from_number(call);
        self.say(from, Event::WrapUpStarted { interaction, agent });
        self.say(to, Event::WrapUpEnded { interaction, agent });
    }

    /// Waits, rings at Ana, and both talk.
    fn answered(&mut self, came: i64, answered: i64, call: u64) {
        let (interaction, entry) = (
            InteractionId::from_number(call),
            QueueEntryId::from_number(call),
        );
        let offer = OfferId {
            epoch: 1,
            seq: call,
        };
        self.arrives(came, call);
        self.enters(came, call, call, SUPPORT);
        let made = Event::OfferMade {
            interaction,
            entry,
            offer,
            agent: ANA,
            queue: SUPPORT,
        };
        self.say(answered - 2, made);
        self.state(
            answered - 2,
            ANA,
            AgentState::Available,
            AgentState::Offered,
        );
        let ended = Event::OfferEnded {
            interaction,
            offer,
            agent: ANA,
            outcome: OfferOutcome::Accepted,
        };
        self.say(answered, ended);
        self.leaves(answered, call, call, SUPPORT, EntryOutcome::Answered);
        self.state(answered, ANA, AgentState::Offered, AgentState::OnCall);
        self.connected(answered, call, ANA);
    }
}

fn leg_of(call: u64, agent: AgentId) -> LegId {
    LegId::from_number(call * 10 + u64::from(agent == BEN) + 1)
}

fn rows_of(lines: &[LogLine]) -> Rows {
    let (mut fold, mut rows) = (Fold::default(), Rows::default());
    for line in lines {
        fold.read(line, &mut rows);
    }
    rows
}

fn audit(lines: &[LogLine], scope: Scope) -> Report {
    let mut audit = Audit::new(scope);
    for line in lines {
        audit.read(line);
    }
    audit.finish()
}

/// Ana answers, holds, consults Ben and hands over to him; a second caller gives up; a third is moved to sales and
/// waits there still. Ana goes to lunch over the turn of a quarter of an hour; the server restarts.
fn story() -> Log {
    let mut log = Log::default();
    log.say(0, Event::RouterStarted { epoch: 1 });
    log.state(0, ANA, AgentState::Offline, AgentState::Available);
    log.state(0, BEN, AgentState::Offline, AgentState::Available);
    log.answered(10, 40, 1);
    log.paused(70, 1, Some(PauseCause::Hold));
    log.paused(80, 1, None);
    log.arrives(85, 2);
    log.enters(85, 2, 2, SUPPORT);
    log.state(90, BEN, AgentState::Available, AgentState::OnCall);
    log.paused(90, 1, Some(PauseCause::Consult));
    log.changes(95, 1, TalkChange::ConsultAnswered, BEN);
    log.changes(110, 1, TalkChange::Transferred, BEN);
    log.connected(110, 1, BEN);
    log.leg_ends(110, 1, ANA);
    log.paused(110, 1, None);
    log.state(110, ANA, AgentState::OnCall, AgentState::WrapUp);
    log.wrap_up(110, 120, 1, ANA);
    log.state(120, ANA, AgentState::WrapUp, AgentState::NotReady);
    log.leaves(145, 2, 2, SUPPORT, EntryOutcome::Abandoned);
    log.ends(145, 2, Outcome::Abandoned);
    log.leg_ends(200, 1, BEN);
    log.state(200, BEN, AgentState::OnCall, AgentState::Available);
    log.ends(200, 1, Outcome::Answered);
    log.arrives(300, 3);
    log.enters(300, 3, 3, SUPPORT);
    log.leaves(320, 3, 3, SUPPORT, EntryOutcome::Overflowed);
    log.enters(320, 3, 4, SALES);
    log.state(1_000, ANA, AgentState::NotReady, AgentState::Available);
    // The server dies; the sweep ends what was open at its last sign of life.
    log.leaves(320, 3, 4, SALES, EntryOutcome::Failed);
    log.ends(320, 3, Outcome::Failed);
    log.say(1_100, Event::RouterStarted { epoch: 2 });
    log.state(1_100, ANA, AgentState::Available, AgentState::Available);
    log.state(1_100, BEN, AgentState::Available, AgentState::Offline);
    log.arrives(1_150, 5);
    log.enters(1_150, 5, 5, SALES);
    log.state(1_200, ANA, AgentState::Available, AgentState::Offline);
    log
}

#[test]
fn a_talk_is_split_where_it_changes_hands() {
    let rows = rows_of(&story().0);
    let [ana, ben] = [ANA, BEN].map(|agent| &rows.agents[&(agent, at(0))]);
    // Ana: 40 to 70 and 80 to 90; held from 70 to 80, and from 90 to 110 for the consultation.
    assert_eq!((ana.talk.sum_ms, ana.hold.sum_ms), (40_000, 30_000));
    assert_eq!((ana.talk.count, ana.wrap_up.sum_ms), (1, 10_000));
    assert_eq!((ben.talk.sum_ms, ben.hold.sum_ms), (90_000, 0));
    let queue = &rows.queues[&(SUPPORT, at(0))];
    assert_eq!((queue.talk.count, queue.talk.sum_ms), (2, 130_000));
    assert_eq!((queue.hold.sum_ms, queue.wrap_up.sum_ms), (30_000, 10_000));
    assert_eq!(queue.handle_time(), Some(85.0));
    let report = audit(&story().0, Scope::default());
    assert_eq!((report.shares, report.handed_on), (2, 1));
}

#[test]
fn who_leaves_while_a_colleague_rings_holds_nobody_any_more() {
    let mut log = Log::default();
    log.answered(10, 40, 1);
    log.paused(50, 1, Some(PauseCause::Consult));
    log.leg_ends(60, 1, ANA);
    log.paused(60, 1, None);
    log.paused(60, 1, Some(PauseCause::Transfer));
    log.ends(90, 1, Outcome::Answered);
    let rows = rows_of(&log.0);
    let ana = &rows.agents[&(ANA, at(0))];
    assert_eq!((ana.talk.sum_ms, ana.hold.sum_ms), (10_000, 10_000));
}

#[test]
fn waits_and_offers_are_filed_where_they_end() {
    let rows = rows_of(&story().0);
    let queue = &rows.queues[&(SUPPORT, at(0))];
    assert_eq!((queue.entered, queue.left_all(), queue.offered), (3, 3, 1));
    assert_eq!(queue.left[&EntryOutcome::Answered].sum_ms, 30_000);
    assert_eq!(queue.left[&EntryOutcome::Abandoned].sum_ms, 60_000);
    let levels = queue.service_levels(secs(30));
    assert_eq!(levels.service_level, Some(0.5));
    assert_eq!(levels.service_level_answered, Some(1.0));
    assert_eq!(levels.service_level_both, Some(0.5));
    assert_eq!(levels.service_level_left, Some(2.0 / 3.0));
    assert_eq!(levels.service_level_pure, Some(1.0 / 3.0));
    assert_eq!(queue.service_levels(secs(29)).service_level, Some(0.0));
    assert_eq!(queue.abandon_rate(), Some(1.0 / 3.0));
}

#[test]
fn each_quarter_of_an_hour_gets_its_part_of_a_state() {
    let rows = rows_of(&story().0);
    let (first, second) = (&rows.agents[&(ANA, at(0))], &rows.agents[&(ANA, at(900))]);
    assert_eq!(first.logged_in(), 900_000);
    assert_eq!(first.states[&AgentState::NotReady], 780_000);
    assert_eq!(first.reasons["lunch"], 780_000);
    assert_eq!(second.states[&AgentState::NotReady], 100_000);
    assert_eq!((second.unobserved, second.logged_in()), (100_000, 300_000));
    assert_eq!(first.occupancy(), Some(80.0 / 120.0));
    let report = audit(&story().0, Scope::default());
    assert_eq!(report.agents[&ANA].logged_in, 1_200_000);
}

/// What is remembered between two lines may be written down and read back at any of them.
#[test]
fn rows_in_pieces_are_the_rows_at_once() {
    let lines = story().0;
    let whole = rows_of(&lines);
    for piece in 1..=lines.len() {
        let (mut kept, mut state) = (Rows::default(), String::from("null"));
        for some in lines.chunks(piece) {
            let mut fold: Fold = serde_json::from_str(&state)
                .ok()
                .and_then(|fold: Option<Fold>| fold)
                .unwrap_or_default();
            let mut new = Rows::default();
            // Lines that were read are told again, as after a crash.
            for line in lines
                .iter()
                .take_while(|line| line.seq <= some.last().unwrap().seq)
            {
                fold.read(line, &mut new);
            }
            for (key, row) in &new.queues {
                kept.queues.entry(*key).or_default().merge(row);
            }
            for (key, row) in &new.agents {
                kept.agents.entry(*key).or_default().merge(row);
            }
            state = serde_json::to_string(&fold).unwrap();
        }
        assert_eq!(kept, whole, "in pieces of {piece}");
    }
}

#[test]
fn a_true_log_adds_up_and_says_who_waits() {
    let report = audit(&story().0, Scope::default());
    assert_eq!(report.faults, []);
    let sales = &report.queues[&SALES];
    assert_eq!((sales.entered, sales.waiting_end), (2, 1));
    assert_eq!((report.open, report.offers), (1, 1));
    assert_eq!(report.interactions[&Outcome::Answered], 1);
    let part = Scope {
        from: Some(at(100)),
        to: Some(at(310)),
        queue: Some(SUPPORT),
    };
    let report = audit(&story().0, part);
    let support = &report.queues[&SUPPORT];
    assert_eq!((support.waiting_start, support.waiting_end), (1, 1));
    assert!(support.holds() && report.queues.len() == 1);
}

/// Lines that carry a number: without any of them, something does not add up.
fn counts(event: &Event) -> bool {
    !matches!(
        event,
        Event::RouterStarted { .. }
            | Event::LegStarted { .. }
            | Event::TalkPaused { .. }
            | Event::TalkResumed { .. }
            | Event::TalkChanged { .. }
            | Event::WrapUpStarted { .. }
            | Event::WrapUpEnded { .. }
    )
}

#[test]
fn a_line_that_is_missing_or_told_twice_is_found() {
    let good = story().0;
    let renumbered = |lines: Vec<LogLine>| -> Vec<LogLine> {
        let lines = lines.into_iter().zip(1..);
        lines.map(|(line, seq)| LogLine { seq, ..line }).collect()
    };
    for (n, line) in good
        .iter()
        .enumerate()
        .filter(|(_, line)| counts(&line.event))
    {
        let mut lines = good.clone();
        lines.remove(n);
        // Of the last caller, who waits still, and of the end nothing follows that could contradict.
        let of_the_last = line.event.interaction() == Some(InteractionId::from_number(5));
        // And who had a customer for a while before somebody else did is missed by nobody.
        let implied = matches!(line.event, Event::Connected { .. } | Event::LegEnded { .. });
        // A restart says again what held before, and of an agent's last state nothing follows.
        let about = |line: &LogLine| match line.event {
            Event::AgentStateChanged {
                agent, from, to, ..
            } => Some((agent, from == to)),
            _ => None,
        };
        let again = about(line).is_some_and(|(agent, same)| {
            let rest = good.iter().skip(n + 1);
            same || !rest.filter_map(about).any(|(other, _)| other == agent)
        });
        if !of_the_last && !implied && !again && n + 1 < good.len() {
            let report = audit(&renumbered(lines), Scope::default());
            assert!(report.faults_found > 0, "without {line:?}");
        }
        let mut lines = good.clone();
        lines.insert(n, line.clone());
        // A leg that joins or ends twice has done so once.
        if !implied && !again {
            let report = audit(&renumbered(lines), Scope::default());
            assert!(report.faults_found > 0, "twice {line:?}");
            let fault = &report.faults[0];
            assert!(!fault.lines.is_empty(), "{fault:?} names no line");
        }
    }
    let hole: Vec<_> = good.iter().filter(|line| line.seq != 9).cloned().collect();
    let report = audit(&hole, Scope::default());
    assert_eq!(
        (report.faults[0].rule, &*report.faults[0].lines),
        ("log", &[8, 10][..])
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_261_122),
        ..ProptestConfig::default()
    })]

    /// The identity holds for any interval of any waits.
    #[test]
    fn entered_is_left_and_who_waits(
        waits in prop::collection::vec((0..5_000i64, 0..2_000i64, 0..3u8), 1..60),
        from in 0..6_000i64,
        length in 0..4_000i64,
    ) {
        let mut moments = Vec::new();
        for (n, (begin, lasts, how)) in (1..).zip(&waits) {
            moments.push((*begin, n, None));
            if *how > 0 {
                moments.push((begin + lasts, n, Some(*how)));
            }
        }
        moments.sort_unstable();
        let mut log = Log::default();
        for (moment, n, how) in moments {
            match how {
                None => {
                    log.arrives(moment, n);
                    log.enters(moment, n, n, SUPPORT);
                }
                Some(1) => {
                    log.leaves(moment, n, n, SUPPORT, EntryOutcome::Abandoned);
                    log.ends(moment, n, Outcome::Abandoned);
                }
                Some(_) => {
                    log.leaves(moment, n, n, SUPPORT, EntryOutcome::TimedOut);
                    log.ends(moment, n, Outcome::Unserved);
                }
            }
        }
        let scope = Scope { from: Some(at(from)), to: Some(at(from + length)), queue: None };
        let report = audit(&log.0, scope);
        prop_assert_eq!(&report.faults, &[]);
        for sum in report.queues.values() {
            prop_assert!(sum.holds(), "{:?}", sum);
        }
    }
}
