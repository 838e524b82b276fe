//! The command line: what may be typed, and the commands on files and on a store in a temporary folder.

mod files;
mod flow_test;
mod flow_tools;
mod prompts;
mod simulate;
mod story;
mod typed;
