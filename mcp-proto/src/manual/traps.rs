//! What goes wrong in practice, and how to notice it.
//!
//! # Something else writes to standard output
//!
//! Over stdio, standard output belongs to the protocol. One `println!` in a handler, or in a
//! library that it calls, puts a line on the wire that is no message; some clients skip it, some
//! close the connection. Log with [`log`](crate::router::CallContext::log) for the client's person,
//! or to standard error for yourself.
//!
//! # The handler does something before it asks
//!
//! A handler that asks the client runs again from its first line. What it did before the question
//! is done twice, unless it stands in `once`: see [`asking`](super::asking).
//!
//! # A handler takes long
//!
//! Handlers run on the driver's thread, one at a time, which is what lets each have the state
//! whole. While one computes, no byte is read: no ping is answered and no cancellation is seen.
//! Give slow work to a thread or a task ([`tool_later`](crate::Router::tool_later), or what the
//! adapter has for it), and there ask
//! [`is_cancelled`](crate::router::CallContext::is_cancelled) between two pieces of work: nothing
//! interrupts a handler from outside.
//!
//! # Progress does not arrive
//!
//! Only a client that sent a progress token hears of progress, and only of progress that grows:
//! 50 after 50 is dropped, as the protocol wants it. The same holds for log messages below the
//! level that the client asked for; in 2026-07-28 a request that names no level wants none.
//!
//! Some clients look at notifications later than at results. They lose progress that arrives
//! together with the result; that is theirs to mend, and costs only the last bit of a fast call.
//!
//! # A value is attached, and is gone
//!
//! [`attach`](crate::router::CallContext::attach) belongs to a session, and 2026-07-28 has none. A
//! value that must survive from one call to the next there goes to the client as a handle: an
//! ordinary string in a result, which the next call brings as an argument. Check who brings it.
//!
//! # Answers that nobody asked for
//!
//! In 2026-07-28 a client may send answers with its first request, before any question. Such an
//! answer was not given to *your* question, so it is ignored, unless the question says
//! `.accept_unasked()`. Say that only where any answer will do: never for a confirmation.
//!
//! # Several processes serve one client
//!
//! What a call of 2026-07-28 remembers between two rounds travels through the client, sealed with a
//! key. By default the key is drawn at the start and dies with the process: another process, or the
//! same after a restart, refuses the state with -32602. Processes that answer for each other share
//! [`state_keys`](crate::server::ServerConfig::state_keys).
//!
//! A sealed state is bound to the caller, the method, the name or URI, and the arguments, and it
//! expires; but it can be used more than once until then. Where that matters, set a
//! [`state_guard`](crate::server::ServerConfig::state_guard) that remembers what it has seen.
//!
//! # A tool is hidden, and still called
//!
//! What a [`Grant`](crate::Grant) does not allow looks exactly like what does not exist, in lists
//! and in calls. Do not check names in handlers again; check what the *arguments* point to, which
//! the core cannot know.
//!
//! # The offer changes while a handler runs
//!
//! [`edit_offer`](crate::router::Context::edit_offer) takes effect after the handler has returned,
//! because the router is busy until then. Clients that listen are told once, however many edits
//! there were.
//!
//! # The clock jumps
//!
//! [`Instant`](crate::Instant)s must not go back. When a suspended machine wakes up, deadlines that
//! have passed are all due at once: that is right, they have passed.
