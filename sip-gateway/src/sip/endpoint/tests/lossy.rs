//! Calls over a network that loses, repeats and reorders: whatever is lost, both ends agree in the end that the call
//! is over, each is told once, and nothing is left behind.

use super::kit::{CARRIER, Dice, Net, OFFICE, PHONE, credentials, seconds};
use crate::leg::LegId;
use crate::sip::port::{SipCommand, SipEvent};
use std::time::Duration;

/// What the product on one side does with events, by dice.
fn react(net: &mut Net, index: usize, seen: usize, dice: &mut Dice) {
    let calls: Vec<LegId> = net.events[index][seen..]
        .iter()
        .filter_map(|event| match event {
            SipEvent::Incoming { call, .. } => Some(call.leg),
            _ => None,
        })
        .collect();
    for leg in calls {
        match dice.below(8) {
            0 => net.command(
                index,
                SipCommand::Reject {
                    leg,
                    status: 486,
                    retry_after: None,
                },
            ),
            1 => {}
            2 => net.ring(index, leg),
            3 => {
                net.answer(index, leg);
                net.hang_up(index, leg);
            }
            _ => {
                net.ring(index, leg);
                net.answer(index, leg);
            }
        }
    }
}

/// Plays one story; gives the legs of all sides.
fn play(seed: u64, loss_percent: u64) -> Net {
    let mut net = Net::new(seed);
    net.loss_percent = loss_percent;
    net.repeat_percent = 10;
    net.delay = 1..250;
    let mut dice = Dice(seed ^ 0x5EED);
    net.register(PHONE, "2001", credentials("2001"));
    let mut seen = [0; 4];
    let mut dialled = Vec::new();
    for step in 0..80 {
        if step % 10 == 0 {
            dialled.push((CARRIER, net.dial(CARRIER, OFFICE, None)));
            dialled.push((PHONE, net.dial(PHONE, OFFICE, Some(credentials("2001")))));
            dialled.push((OFFICE, net.dial_device("2001")));
        }
        let time = Duration::from_millis(dice.below(2_000));
        net.run(time);
        for (index, seen) in seen.iter_mut().enumerate() {
            react(&mut net, index, *seen, &mut dice);
            *seen = net.events[index].len();
        }
        if dice.below(4) == 0 && !dialled.is_empty() {
            let choice = usize::try_from(dice.below(dialled.len() as u64)).unwrap_or(0);
            let (index, leg) = dialled[choice];
            net.hang_up(index, leg);
        }
    }
    net.command(
        PHONE,
        SipCommand::Unregister {
            address_of_record: "sip:2001@office.test".to_owned(),
        },
    );
    // An INVITE may arrive as late as its last repeat, so whatever has come until then is hung up again.
    for _ in 0..5 {
        for (index, leg) in legs(&net, &dialled) {
            net.hang_up(index, leg);
        }
        net.run(seconds(33));
    }
    for (index, leg) in legs(&net, &dialled) {
        assert_eq!(
            net.ends(index, leg).len(),
            1,
            "seed {seed}: endpoint {index} {leg}"
        );
    }
    net
}

/// Every leg that any side has had.
fn legs(net: &Net, dialled: &[(usize, LegId)]) -> Vec<(usize, LegId)> {
    let mut all = dialled.to_vec();
    for (index, events) in net.events.iter().enumerate() {
        let came = events.iter().filter_map(|event| match event {
            SipEvent::Incoming { call, .. } => Some((index, call.leg)),
            _ => None,
        });
        all.extend(came);
    }
    all
}

#[test]
fn nothing_is_left_behind_at_30_percent_loss() {
    for seed in 0..60 {
        play(seed, 30).assert_clean(&format!("seed {seed}"));
    }
}

#[test]
fn nothing_is_left_behind_when_nearly_everything_is_lost() {
    for seed in 100..110 {
        play(seed, 90).assert_clean(&format!("seed {seed}"));
    }
}

#[test]
fn a_run_can_be_repeated_from_its_seed() {
    let trace = |seed| {
        let net = play(seed, 30);
        net.trace
            .iter()
            .map(|(at, packet)| (*at, packet.text()))
            .collect::<Vec<_>>()
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn without_loss_every_call_that_is_answered_is_confirmed() {
    for seed in 200..220 {
        let mut net = Net::new(seed);
        net.delay = 1..250;
        net.repeat_percent = 30;
        let caller = net.dial(CARRIER, OFFICE, None);
        net.run(seconds(2));
        let called = net.incoming_leg(OFFICE);
        net.answer(OFFICE, called);
        net.run(seconds(2));
        assert!(
            net.is_answered(CARRIER, caller) && net.is_confirmed(OFFICE, called),
            "seed {seed}"
        );
        assert_eq!(net.count_incoming(OFFICE), 1, "seed {seed}");
        net.hang_up(OFFICE, called);
        net.assert_clean(&format!("seed {seed}"));
    }
}
