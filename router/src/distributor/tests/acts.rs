//! What random worlds are made of: companies from a number, things that happen, pauses.

use super::support::*;
use crate::company::{self, RoutingCompany, Skills, WhenNoAgents, WrapUp};
use crate::id::{AgentId, QueueId};
use crate::overflow::{Cause, Way};
use crate::requirement::{LadderStep, Wishes};
use crate::time::Timestamp;
use proptest::prelude::*;

const AGENTS: u64 = 5;
pub(super) const SKILLS: [&str; 2] = ["billing", "spanish"];

/// What happens; numbers pick among what is there, and sometimes what is not.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Arrive {
        queue: u64,
        levels: [u8; 2],
        head_start: u64,
        class: Option<u8>,
        wishes: u8,
    },
    Repeat {
        entry: u64,
    },
    Leave {
        entry: u64,
        cause: u8,
    },
    Reprioritise {
        entry: u64,
        class: Option<u8>,
        ahead: Option<u64>,
    },
    Answer {
        offer: u64,
        epoch: u64,
    },
    Fail {
        offer: u64,
        how: u8,
    },
    EndTalk {
        agent: AgentId,
    },
    EndForeignTalk {
        agent: AgentId,
        interaction: u64,
    },
    Phone {
        agent: AgentId,
        how: u8,
    },
    Want {
        agent: AgentId,
        what: u8,
    },
    OwnCall {
        agent: AgentId,
        begins: bool,
    },
    CallOut {
        agent: AgentId,
        begins: bool,
    },
    WrapUp {
        agent: AgentId,
        extend: Option<u64>,
    },
    Restore {
        agent: AgentId,
        state: u8,
        registered: bool,
    },
    Edit {
        seed: u64,
    },
    /// Close a queue for so many seconds; none: open it.
    Close {
        queue: u64,
        seconds: Option<u64>,
        end: bool,
    },
    Nothing,
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let agent = || (1..=AGENTS + 1).prop_map(AgentId::from_number);
    prop_oneof![
        8 => (1..=4u64, [0..4u8, 0..4u8], 0..40u64, prop::option::weighted(0.2, 0..3u8), 0..8u8).prop_map(
            |(queue, levels, head_start, class, wishes)| Act::Arrive { queue, levels, head_start, class, wishes }),
        1 => (0..20u64).prop_map(|entry| Act::Repeat { entry }),
        3 => (0..20u64, 0..5u8).prop_map(|(entry, cause)| Act::Leave { entry, cause }),
        2 => (0..8u64, prop::option::of(0..2u8), prop::option::of(0..90u64)).prop_map(
            |(entry, class, ahead)| Act::Reprioritise { entry, class, ahead }),
        7 => (0..4u64, 0..8u64).prop_map(|(offer, e)| Act::Answer { offer, epoch: u64::from(e > 0) }),
        5 => (0..4u64, 0..8u8).prop_map(|(offer, how)| Act::Fail { offer, how }),
        6 => agent().prop_map(|agent| Act::EndTalk { agent }),
        1 => (agent(), 0..20u64).prop_map(|(agent, interaction)| Act::EndForeignTalk { agent, interaction }),
        6 => (agent(), 0..5u8).prop_map(|(agent, how)| Act::Phone { agent, how }),
        6 => (agent(), 0..6u8).prop_map(|(agent, what)| Act::Want { agent, what }),
        3 => (agent(), any::<bool>()).prop_map(|(agent, begins)| Act::OwnCall { agent, begins }),
        3 => (agent(), any::<bool>()).prop_map(|(agent, begins)| Act::CallOut { agent, begins }),
        3 => (agent(), prop::option::of(0..100u64)).prop_map(|(agent, extend)| Act::WrapUp { agent, extend }),
        1 => (agent(), 0..6u8, any::<bool>()).prop_map(
            |(agent, state, registered)| Act::Restore { agent, state, registered }),
        1 => any::<u64>().prop_map(|seed| Act::Edit { seed }),
        2 => Just(Act::Nothing),
        1 => (1..=4u64, prop::option::weighted(0.5, 1..30u64), any::<bool>()).prop_map(
            |(queue, seconds, end)| Act::Close { queue, seconds, end }),
    ]
}

/// What a flow asks for besides: mostly nothing.
pub(super) fn wishes_of(number: u8) -> Wishes {
    let mut wishes = Wishes::default();
    if number >= 6 {
        wishes.any_of = vec![skills(&[(SKILLS[0], 2)]), skills(&[(SKILLS[1], 2)])];
    }
    if number == 2 {
        wishes.own_exits = vec![Cause::MaxWait, Cause::NoAgents];
    }
    if number % 2 == 1 {
        wishes.last_agent = Some(AgentId::from_number(u64::from(1 + number / 2)));
        wishes.hold = (number > 4).then(|| secs(90));
    }
    if number % 4 == 3 {
        let step = LadderStep {
            after: secs(7),
            skills: skills(&[(SKILLS[1], 1)]),
            head_start: secs(5),
            ..LadderStep::default()
        };
        wishes.ladder = Some(vec![step]);
    }
    wishes
}

/// Callers come, and agents answer, talk and are back.
pub(super) fn calm_act() -> impl Strategy<Value = Act> {
    let agent = || (1..=3u64).prop_map(AgentId::from_number);
    let arrive = |queue| Act::Arrive {
        queue,
        levels: [0, 0],
        head_start: 0,
        class: None,
        wishes: 0,
    };
    prop_oneof![
        1 => (1..=2u64).prop_map(arrive),
        5 => (0..2u64).prop_map(|offer| Act::Answer { offer, epoch: 1 }),
        10 => agent().prop_map(|agent| Act::EndTalk { agent }),
        2 => agent().prop_map(|agent| Act::Phone { agent, how: 4 }),
        2 => agent().prop_map(|agent| Act::Want { agent, what: 5 }),
    ]
}

/// Steps of time in ms: often none, so that ties occur; sometimes minutes.
pub(super) fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 4 => 1..3_000u64, 2 => 3_000..40_000u64, 1 => 40_000..600_000u64]
}

fn any_ladder(take: &mut impl FnMut(u64) -> u64) -> Vec<LadderStep> {
    let mut after = 0;
    (0..take(4))
        .map(|_| {
            after += 5 + take(20);
            LadderStep {
                after: secs(after),
                skills: (0..take(2))
                    .map(|_| (SKILLS[take(2) as usize].to_owned(), take(3) as u8))
                    .collect(),
                max_tier: [None, Some(2), Some(3)][take(3) as usize],
                queues: (0..take(2))
                    .map(|_| QueueId::from_number(1 + take(3)))
                    .collect(),
                head_start: secs(take(2) * 15),
            }
        })
        .collect()
}

/// Another queue, or this one, or one that is not there; or out of the queue.
fn any_way(take: &mut impl FnMut(u64) -> u64) -> Way {
    match take(6) {
        0 => Way::Exit,
        1 => Way::Voicemail,
        2 => Way::Closed,
        other => Way::Queue(QueueId::from_number(other - 2)),
    }
}

/// A company from a number: every bit decides something.
pub(super) fn company_of(seed: u64) -> RoutingCompany {
    let mut bits = seed;
    let mut take = |values: u64| {
        // A fixed mixer: the same number gives the same company.
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (bits >> 33) % values
    };
    let mut company = company();
    let levels = |a: u64, b: u64| {
        let pairs = [(SKILLS[0], a), (SKILLS[1], b)];
        let held = pairs.iter().filter(|(_, level)| *level > 0);
        held.map(|(s, l)| ((*s).to_owned(), *l as u8))
            .collect::<Skills>()
    };
    company.queues.clear();
    for id in 1..=2 + take(2) {
        let mut queue = queue();
        queue.skills = levels(take(3), take(2));
        queue.class = u8::from(take(6) > 0);
        queue.head_start = secs(take(2) * 20);
        queue.max_length = 2 + take(6) as usize;
        queue.max_wait = secs([40, 300, 2000][take(3) as usize]);
        queue.when_no_agents = [WhenNoAgents::Wait, WhenNoAgents::Exit][take(2) as usize];
        let lengths = [WrapUp::None, WrapUp::Timed(secs(10)), WrapUp::Open];
        queue.wrap_up = lengths[take(3) as usize];
        queue.wrap_up_cap = secs(take(60));
        queue.strategy = company::Strategy::ALL[take(5) as usize];
        queue.promote_after = secs([30, 900][take(2) as usize]);
        queue.max_tier = [None, Some(1), Some(2)][take(3) as usize];
        queue.any_of = (0..take(3)).map(|_| levels(take(4), take(4))).collect();
        queue.last_agent = [None, Some(secs(6))][take(2) as usize];
        queue.ladder = any_ladder(&mut take);
        queue.overflow.max_wait = any_way(&mut take);
        queue.overflow.full = any_way(&mut take);
        queue.overflow.no_agents = any_way(&mut take);
        company.queues.insert(QueueId::from_number(id), queue);
    }
    company.agents.clear();
    for id in 1..=AGENTS - take(2) {
        let mut agent = agent("somebody");
        agent.skills = levels(take(5), take(5));
        agent.ready_on_register = take(3) > 0;
        agent.queues = (1..=3)
            .filter_map(|queue| {
                let tier = take(4) as u8;
                (tier > 0).then_some((QueueId::from_number(queue), tier))
            })
            .collect();
        agent.prefers = (0..take(3))
            .map(|_| QueueId::from_number(1 + take(3)))
            .collect();
        // Somewhere in the hours that random worlds last.
        let ends = Timestamp::from_millis(1_700_000_000_000 + take(40_000) as i64 * 1000);
        agent.licences = (0..take(2))
            .map(|_| (SKILLS[take(2) as usize].to_owned(), ends))
            .collect();
        company.agents.insert(AgentId::from_number(id), agent);
    }
    company.settings.miss_cooldown = secs(take(3) * 10);
    company.settings.max_misses = take(4) as u32;
    company.settings.outbound_keeps_idle = take(2) == 0;
    company.settings.outbound_wrap_up =
        [None, Some(WrapUp::None), Some(WrapUp::Open)][take(3) as usize];
    company
}
