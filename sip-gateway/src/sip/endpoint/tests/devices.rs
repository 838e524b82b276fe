//! Phones that register, and calls to them.

use super::kit::{
    Net, OFFICE, PHONE, Packet, SECOND_PHONE, address, credentials, office_accounts, seconds,
};
use crate::leg::{DeviceChange, LegEndCause};
use crate::sip::port::{SipCommand, SipEvent};

fn registered() -> Net {
    let mut net = Net::new(1);
    net.register(PHONE, "2001", credentials("2001"));
    net.run(seconds(1));
    net
}

fn changes(net: &Net) -> Vec<DeviceChange> {
    let changes = net.events[OFFICE].iter().filter_map(|event| match event {
        SipEvent::Device { extension, change } => {
            assert_eq!(extension, "2001");
            Some(*change)
        }
        _ => None,
    });
    changes.collect()
}

fn results(net: &Net, index: usize) -> Vec<Result<(), u16>> {
    let results = net.events[index].iter().filter_map(|event| match event {
        SipEvent::Registration { result, .. } => Some(*result),
        _ => None,
    });
    results.collect()
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut net = registered();
    assert_eq!(
        (results(&net, PHONE), changes(&net)),
        (vec![Ok(())], vec![DeviceChange::Registered])
    );
    assert_eq!(net.sent(OFFICE, "401 REGISTER"), 1);
    let ok = net
        .trace
        .iter()
        .find(|(_, packet)| packet.kind() == "200 REGISTER")
        .unwrap();
    assert!(
        ok.1.text()
            .contains("Contact: <sip:2001@127.0.0.9:5071>;expires=600\r\n"),
        "{}",
        ok.1.text()
    );
    // Refreshed at half of the lifetime, again and again, without news.
    net.run(seconds(3_000));
    assert_eq!((results(&net, PHONE).len(), changes(&net).len()), (1, 1));
    assert_eq!(net.sent(OFFICE, "200 REGISTER"), 1 + 10);
    net.command(
        PHONE,
        SipCommand::Unregister {
            address_of_record: "sip:2001@office.test".to_owned(),
        },
    );
    net.run(seconds(1));
    assert_eq!(
        changes(&net).last(),
        Some(&DeviceChange::Gone { by_device: true })
    );
    net.assert_clean("left");
    assert_eq!(net.endpoints[OFFICE].occupancy().bindings, 0);
    assert_eq!(net.endpoints[PHONE].occupancy().registrations, 0);
}

#[test]
fn a_phone_that_vanishes_expires() {
    let mut net = registered();
    net.passes = Box::new(|packet: &Packet| packet.from != address(PHONE));
    net.run(seconds(599));
    assert_eq!(changes(&net).len(), 1);
    net.run(seconds(2));
    assert_eq!(
        changes(&net).last(),
        Some(&DeviceChange::Gone { by_device: false })
    );
    // It told its owner once, and comes back as soon as the network is back.
    assert_eq!(results(&net, PHONE), [Ok(()), Err(0)]);
    net.passes = Box::new(|_| true);
    net.run(seconds(400));
    assert_eq!(results(&net, PHONE), [Ok(()), Err(0), Ok(())]);
    assert_eq!(changes(&net).last(), Some(&DeviceChange::Registered));
}

#[test]
fn a_wrong_password_is_refused_and_tried_again_ever_more_slowly() {
    let mut net = Net::new(1);
    let mut wrong = credentials("2001");
    wrong.password = "guess".to_owned();
    net.register(PHONE, "2001", wrong);
    net.run(seconds(120));
    assert_eq!(
        (results(&net, PHONE), changes(&net)),
        (vec![Err(401)], vec![])
    );
    // 0, 2, 6, 14, 30, 62 s and up to a second more each.
    assert_eq!(net.endpoints[OFFICE].counters().failed_auth, 6);
    let unknown = credentials("2999");
    net.register(SECOND_PHONE, "2999", unknown);
    net.run(seconds(1));
    assert_eq!(results(&net, SECOND_PHONE), [Err(401)]);
}

#[test]
fn a_device_is_called_where_its_register_came_from() {
    let mut net = registered();
    let leg = net.dial_device("2001");
    net.run(seconds(1));
    let called = net.incoming_leg(PHONE);
    net.ring(PHONE, called);
    net.run(seconds(1));
    net.answer(PHONE, called);
    net.run(seconds(1));
    assert!(net.is_answered(OFFICE, leg) && net.is_confirmed(PHONE, called));
    net.hang_up(OFFICE, leg);
    net.run(seconds(1));
    assert_eq!(net.ends(PHONE, called), [LegEndCause::Bye]);
    net.assert_clean("device call");
}

#[test]
fn every_contact_rings_and_the_first_answer_wins() {
    for both_answer in [false, true] {
        let mut net = registered();
        net.register(SECOND_PHONE, "2001", credentials("2001"));
        net.run(seconds(1));
        let leg = net.dial_device("2001");
        net.run(seconds(1));
        let (first, second) = (net.incoming_leg(PHONE), net.incoming_leg(SECOND_PHONE));
        net.ring(PHONE, first);
        net.ring(SECOND_PHONE, second);
        net.run(seconds(1));
        net.answer(PHONE, first);
        if both_answer {
            net.answer(SECOND_PHONE, second);
        }
        net.run(seconds(1));
        let progress = net.events[OFFICE]
            .iter()
            .filter(|event| matches!(event, SipEvent::Progress { .. }));
        // 100 and 180, once each although both contacts sent them.
        assert_eq!(progress.count(), 2);
        let answered = net.events[OFFICE]
            .iter()
            .filter(|event| matches!(event, SipEvent::Answered { .. }));
        assert_eq!(answered.count(), 1);
        let loser = if both_answer {
            LegEndCause::Bye
        } else {
            LegEndCause::Cancelled
        };
        assert_eq!(net.ends(SECOND_PHONE, second), [loser]);
        assert!(net.ends(PHONE, first).is_empty() && net.ends(OFFICE, leg).is_empty());
        net.hang_up(PHONE, first);
        net.run(seconds(1));
        assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Bye]);
        net.assert_clean("two contacts");
    }
}

#[test]
fn one_busy_contact_does_not_end_the_call_but_decline_does() {
    for (status, ended) in [(486, false), (603, true)] {
        let mut net = registered();
        net.register(SECOND_PHONE, "2001", credentials("2001"));
        net.run(seconds(1));
        let leg = net.dial_device("2001");
        net.run(seconds(1));
        let (first, second) = (net.incoming_leg(PHONE), net.incoming_leg(SECOND_PHONE));
        net.command(
            PHONE,
            SipCommand::Reject {
                leg: first,
                status,
                retry_after: None,
            },
        );
        net.run(seconds(1));
        assert_eq!(net.ends(OFFICE, leg).len(), usize::from(ended));
        if ended {
            assert_eq!(net.ends(SECOND_PHONE, second), [LegEndCause::Cancelled]);
        } else {
            net.hang_up(SECOND_PHONE, second);
            net.run(seconds(1));
        }
        let told = if ended { 603 } else { 486 };
        assert_eq!(net.ends(OFFICE, leg), [LegEndCause::Rejected(told)]);
        net.assert_clean("busy contact");
    }
}

#[test]
fn bindings_outlive_a_restart_and_not_their_account() {
    let mut net = registered();
    let now = net.now;
    let changed = net.endpoints[OFFICE]
        .take_changed_registrations(now)
        .into_iter();
    let records: Vec<_> = changed.flat_map(|device| device.bindings).collect();
    assert_eq!((records.len(), records[0].source), (1, address(PHONE)));
    let mut fresh = Net::new(2);
    let now = fresh.now;
    fresh.endpoints[OFFICE].restore_registration(&records[0], now);
    let mut stranger = records[0].clone();
    stranger.extension = "2999".to_owned();
    fresh.endpoints[OFFICE].restore_registration(&stranger, now);
    let leg = fresh.dial_device("2001");
    fresh.run(seconds(1));
    assert_eq!(
        (changes(&fresh), fresh.count_incoming(PHONE)),
        (vec![DeviceChange::Registered], 1)
    );
    fresh.hang_up(OFFICE, leg);
    let mut accounts = office_accounts();
    fresh.command(OFFICE, SipCommand::SetAccounts(accounts.clone()));
    assert_eq!(changes(&fresh).len(), 1);
    accounts.devices.clear();
    fresh.command(OFFICE, SipCommand::SetAccounts(accounts));
    assert_eq!(
        changes(&fresh).last(),
        Some(&DeviceChange::Gone { by_device: false })
    );
    fresh.assert_clean("restored");
}

#[test]
fn a_forgotten_device_is_gone_until_its_next_register() {
    let mut net = registered();
    for _ in 0..2 {
        let extension = "2001".to_owned();
        net.command(OFFICE, SipCommand::ForgetDevice { extension });
    }
    let gone = DeviceChange::Gone { by_device: false };
    assert_eq!(changes(&net), [DeviceChange::Registered, gone]);
    net.run(seconds(301));
    assert_eq!(changes(&net).last(), Some(&DeviceChange::Registered));
}
