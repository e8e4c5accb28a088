//! How a handler asks the client, why it runs again, and what `once` is for.
//!
//! A handler asks with a method of its context and `?`:
//! [`elicit`](crate::router::CallContext::elicit) asks the person,
//! [`sample`](crate::router::CallContext::sample) the client's model,
//! [`roots`](crate::router::CallContext::roots) the client itself.
//!
//! # Running again
//!
//! Nothing waits at the `?`. The first time, the answer is not there, so the method returns
//! [`Stop::Asked`](crate::router::Stop::Asked), the handler returns it too, and the question goes
//! out. When the answer is there, the handler *runs again from its first line*, and this time the
//! method returns the answer. A handler that asks three things one after the other runs four times.
//!
//! That is why it works in every revision and on every runtime: between two rounds there is no
//! stack to keep, only what was asked and answered. It is also why what stands before a question
//! must not mind being run again:
//!
//! - Reading and computing are fine.
//! - What a handler logs and reports on its way to a question is sent once: the core counts it, and
//!   does not send it again in the next round.
//! - What changes something belongs in [`once`](crate::router::Context::once): it runs in the first
//!   round, and later rounds get the value that it had then. The value travels with the call, so it
//!   is to be small, and in 2026-07-28 it goes through the client (sealed).
//! - [`try_once`](crate::router::Context::try_once) is for what may fail: only success is
//!   remembered, so the next round tries again.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/machine.txt"));
//! # fn main() {
//! # use mcp_proto::schema::{Elicited, Field, Form, Implementation, Tool};
//! # #[derive(serde::Deserialize)]
//! # struct NoArguments {}
//! #[derive(serde::Deserialize)]
//! struct Guess {
//!     number: u32,
//! }
//!
//! /// What the application counts.
//! #[derive(Default)]
//! struct Counts {
//!     runs: u32,
//!     games: u32,
//! }
//!
//! let mut router = Router::<Counts>::new();
//! router.tool(Tool::new("guess"), |cx, _: NoArguments| {
//!     cx.state.runs += 1; // counts each round: wrong, if calls were meant
//!     let game = cx.once("game", |counts| {
//!         counts.games += 1;
//!         counts.games
//!     });
//!     let form = Form::new("Guess").field("number", Field::integer().required());
//!     Ok(match cx.elicit("guess", form)? {
//!         Elicited::Accepted(Guess { number }) => format!("game {game}: {number} is wrong"),
//!         _ => format!("game {game}: given up"),
//!     })
//! });
//!
//! let config = ServerConfig::new(Implementation::new("game", "1"));
//! let mut machine = Machine::new(config, router, Counts::default());
//! # machine.turn(concat!(
//! #     r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"#,
//! #     r#""protocolVersion":"2025-11-25","capabilities":{"elicitation":{}},"#,
//! #     r#""clientInfo":{"name":"test","version":"1"}}}"#,
//! # ));
//! # machine.turn(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
//! let question = machine.turn(
//!     r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"guess"}}"#,
//! );
//! assert!(question.contains("elicitation/create"));
//!
//! # let id = question.split("\"id\":").nth(1).unwrap().split([',', '}']).next().unwrap();
//! let result = machine.turn(&format!(
//!     r#"{{"jsonrpc":"2.0","id":{id},"result":{{"action":"accept","content":{{"number":7}}}}}}"#,
//! ));
//! assert!(result.contains("game 1: 7 is wrong"));
//! assert_eq!((machine.state.runs, machine.state.games), (2, 1));
//! # }
//! ```
//!
//! # Keys
//!
//! Each question and each `once` has a key, unique within its handler. By its key an answer finds
//! its question again, so a key must not depend on what changes between rounds. An answer counts
//! only for exactly the question that was asked: if the handler asks something else under the same
//! key the next time, it is a new question.
//!
//! # Several questions at once
//!
//! Ask first, and use `?` afterwards. In 2026-07-28 all of them go out together:
//!
//! ```
//! # use mcp_proto::{router::{CallContext, Stop}, schema::{Elicited, Form, Sampling}};
//! # fn handler(cx: &mut CallContext<'_>) -> Result<String, Stop> {
//! let agreed = cx.elicit::<()>("agreed", Form::new("May the model be asked?"));
//! let capital = cx.sample("capital", Sampling::new("What is the capital of France?", 100));
//! let (agreed, capital) = (agreed?, capital?);
//! # let _ = agreed;
//! # Ok(capital.text())
//! # }
//! ```
//!
//! # No answer
//!
//! A person may decline or go away: that is an [`Elicited`](crate::schema::Elicited), not an error,
//! and the handler decides what it means. A client that answers with an error, or not in time (see
//! [`ask_timeout`](crate::server::ServerConfig::ask_timeout)), stops the handler with
//! [`Stop::Failed`](crate::router::Stop::Failed). A client that did not declare that it can be
//! asked is never asked: the call ends with -32021, which names what is missing.
//!
//! # On a thread
//!
//! A handler that runs on a thread or in a task may really wait, where the revision sends questions
//! as requests; its [`Port`](crate::router::Port) says so by [`wait`](crate::router::Port::wait).
//! In 2026-07-28 it runs again like any other. Write it as if it always ran again.
