//! Linphone as a customer's and as an agent's phone, through whole calls.

use crate::support::calls::{NUMBER, ana};
use crate::support::peers::linphone::Linphone;
use crate::support::phone::{Sending, seconds};
use crate::{
    AGENT, AGENT_HZ, CUSTOMER, CUSTOMER_HZ, assert_heard, assert_phone_heard, assert_tone,
    assert_whole, customer_at_the_menu, open, record,
};
use std::time::Duration;

#[test]
fn linphone_calls() {
    let world = open();
    let agent = ana(&world, "127.0.2.11");
    let mut caller = Linphone::caller(NUMBER, CUSTOMER_HZ).unwrap();
    caller.dial(&format!("sip:9000@{}", world.sip)).unwrap();
    caller.wait_said("connected", seconds(5)).unwrap();
    std::thread::sleep(Duration::from_millis(1_800));
    caller.press('2').unwrap();
    let ringing = agent.wait_ring(seconds(5)).unwrap();
    assert_eq!(ringing.caller(), "+34600111222");
    std::thread::sleep(seconds(1));
    let talk = ringing.answer().unwrap();
    talk.send(Sending::Numbered {
        leg: AGENT,
        hz: AGENT_HZ,
    });
    talk.wait_tone(CUSTOMER_HZ, seconds(3)).unwrap();
    std::thread::sleep(seconds(4));
    caller.hang_up().unwrap();
    talk.wait_ended(seconds(3)).unwrap();
    assert_eq!(talk.heard().lost(), 0);
    let heard = caller.quit_and_listen().unwrap();
    assert_heard(&heard, "Linphone");
    let (record, left, right) = record(&world);
    assert_eq!(record["end_cause"], "customer");
    assert_tone(&left, CUSTOMER_HZ, "the customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&right, AGENT);
}

#[test]
fn linphone_answers_as_an_agent() {
    let world = open();
    let agent = Linphone::agent(world.sip, "2001", "word-of-ana", AGENT_HZ).unwrap();
    world.wait_agent("ana", "available", seconds(3));
    let (_phone, call) = customer_at_the_menu(&world);
    call.press("2");
    call.wait_tone(AGENT_HZ, seconds(5)).unwrap();
    call.send(Sending::Numbered {
        leg: CUSTOMER,
        hz: CUSTOMER_HZ,
    });
    std::thread::sleep(seconds(4));
    call.hang_up();
    world.wait_agent_not("ana", "on_call", seconds(3));
    assert_eq!(call.heard().lost(), 0);
    let heard = agent.quit_and_listen().unwrap();
    assert_phone_heard(&heard, CUSTOMER_HZ, "Linphone");
    let (_, left, right) = record(&world);
    assert_tone(&left, CUSTOMER_HZ, "the customer");
    assert_tone(&right, AGENT_HZ, "the agent");
    assert_whole(&left, CUSTOMER);
}
