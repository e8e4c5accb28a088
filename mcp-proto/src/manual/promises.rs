//! What is promised, what each limit does, and how both are tested.
//!
#![doc = include_str!("promises.md")]
