//! The test phone against published vectors and against itself. The tests are named here, once, so that they do not
//! run again in every test binary that uses the phone.

#[path = "support/phone/tests.rs"]
mod phone_tests;

mod support;
