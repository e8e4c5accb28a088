//! The manual: what an application or an adapter has to know that no single type says.
//!
//! - [`the_loop`]: what drives the core, in five steps.
//! - [`eras`]: one handler for revisions with a session and for the one without.
//! - [`asking`]: how a handler asks the client, why it runs again, and what `once` is for.
//! - [`http`]: what a driver behind HTTP does, when an answer is a stream, and when it is cut.
//! - [`limits`]: what happens at each limit, seen from both sides.
//! - [`promises`]: what is promised, what each limit does, and how both are tested.
//! - [`traps`]: what goes wrong in practice, and how to notice it.
//!
//! The examples are compiled and run with the tests of this crate.

pub mod asking;
pub mod eras;
pub mod http;
pub mod limits;
pub mod promises;
pub mod the_loop;
pub mod traps;
