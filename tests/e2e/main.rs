//! Stories from end to end: the real binary, real SIP and RTP on loopback, judged by what is heard and recorded.

#![allow(
    clippy::unwrap_used,
    reason = "stories: a helper that fails is a failed test"
)]

#[path = "../support/mod.rs"]
mod support;

mod after_work;
mod api_rules;
mod broken_files;
mod browser_customer;
mod browser_legs;
mod closed_calendar;
mod closed_queue;
mod codecs;
mod commands;
mod consent;
mod consult;
mod crash_in_a_talk;
mod desk_phones;
mod early_media;
mod edits;
mod expected_wait;
mod fernhill;
mod flow_files_are_picked_up;
mod flow_replay;
mod flow_transfer;
mod full;
mod garbage;
mod heard;
mod help;
mod hold;
mod hundred_calls;
mod inbound_call_is_recorded;
mod keys;
mod lossy;
mod missed_calls;
mod monitor;
mod moved;
mod no_open_relay;
mod nobody_fits;
mod odd_callers;
mod outbound;
mod outbound_records;
mod outside;
mod over_tcp;
mod over_tls;
mod over_websocket;
mod privacy;
mod publishing;
mod queue_exits;
mod reload;
mod replay;
mod ring_all;
mod routing;
mod rules;
mod scanners;
mod speech_server;
mod steps;
mod stopping;
mod strangers;
mod strategies;
mod subflows;
mod supervisor;
mod survey;
mod tiers;
mod transfer;
mod trunk_register;
mod wait_keys;
mod watching;
mod wideband;
