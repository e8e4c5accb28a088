//! What happens at each limit, seen from both sides.
//!
//! Everything that a peer can make grow has a ceiling in [`Limits`](crate::Limits), with what
//! happens there and why the default is what it is. There are three kinds of consequence, and no
//! fourth: nothing panics, hangs, or is lost without a count.
//!
//! **The peer is told, and everything else goes on.** A message that is too long, a batch with too
//! many elements, a subscription too many, too many calls at once: the peer gets an error for that
//! one message. This is the rule.
//!
//! **The peer is not read.** When what waits to be written passes `output_bytes_max`, the core
//! looks at no further message until the peer has read, and
//! [`accepts_input`](crate::ServerPipe::accepts_input) says so. That pushes back through the pipe
//! to whoever writes too fast. Meanwhile log messages and progress are dropped and counted: they
//! may be lost; results, errors and questions may not.
//!
//! **The application is told.** What the application itself asks for too much of, such as attached
//! values or pings, is [`CommandError::OverLimit`](crate::CommandError::OverLimit), and nothing
//! happens.
//!
//! A limit that the client runs into, and what it sees:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/machine.txt"));
//! # fn main() {
//! use mcp_proto::schema::Implementation;
//!
//! let mut config = ServerConfig::new(Implementation::new("short", "1"));
//! config.limits.message_bytes_max = 200;
//! let mut machine = Machine::new(config, Router::new(), ());
//!
//! let long = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(1000));
//! assert!(machine.turn(&long).contains("-32700"));
//!
//! // The next message is served as if nothing had been.
//! let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
//! assert!(machine.turn(ping).contains(r#""id":2"#));
//! # }
//! ```
