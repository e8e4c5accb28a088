//! A sans-IO protocol engine for the Model Context Protocol.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod client;
mod entropy;
mod error;
mod grant;
pub mod http;
mod limits;
mod pipe;
pub mod router;
pub mod schema;
pub mod server;
mod terms;
mod time;
pub mod version;
pub mod wire;

pub use entropy::Entropy;
pub use error::{CommandError, ErrorObject, code};
pub use grant::{Allow, AllowResources, Grant};
pub use limits::Limits;
pub use pipe::{PipeOutput, ServerPipe};
pub use router::Router;
pub use terms::Terms;
pub use time::Instant;
pub use version::Version;

/// The loop of a pipe's driver, type-checked.
#[cfg(test)]
mod drivers {
    use super::*;
    use crate::{
        http::{Endpoint, Output},
        router::Port,
        server::{CallId, Command, Event},
    };

    struct Inline<'p> {
        pipe: &'p mut ServerPipe,
        now: Instant,
    }
    impl Port for Inline<'_> {
        fn emit(&mut self, command: Command) {
            let _gone = self.pipe.handle_command(self.now, command);
        }
    }

    fn pipe_loop<
        S: 'static,
        R: FnMut(Option<Instant>) -> (Instant, std::vec::Vec<u8>),
        W: FnMut(&[u8]) -> usize,
    >(
        mut pipe: ServerPipe,
        mut router: Router<S>,
        mut state: S,
        mut read: R,
        mut write: W,
    ) {
        let mut now = Instant::ZERO;
        loop {
            while let Some(output) = pipe.poll_output() {
                match output {
                    PipeOutput::Event(Event::Call(call)) => {
                        router.serve(&mut state, call, &mut Inline { pipe: &mut pipe, now });
                        if let Some(offer) = router.take_offer() {
                            pipe.set_offer(now, offer);
                        }
                    }
                    PipeOutput::Event(event) => router.observe(&mut state, &event),
                    PipeOutput::Close => return,
                }
            }
            let count = write(pipe.pending_write());
            pipe.consume(count);
            let (then, bytes) = read(pipe.poll_timeout());
            now = then;
            if bytes.is_empty() {
                pipe.handle_timeout(now);
            } else {
                pipe.handle_bytes(now, &bytes);
            }
        }
    }

    fn http_loop<S: 'static, A: FnMut(Output)>(
        mut endpoint: Endpoint,
        mut router: Router<S>,
        mut state: S,
        mut apply: A,
    ) {
        let now = Instant::ZERO;
        struct Later<'p> {
            endpoint: &'p mut Endpoint,
            now: Instant,
        }
        impl Port for Later<'_> {
            fn emit(&mut self, command: Command) {
                let _gone = self.endpoint.handle_command(self.now, command);
            }
        }
        while let Some(output) = endpoint.poll_output() {
            match output {
                Output::Event(Event::Call(call)) => {
                    router.serve(&mut state, call, &mut Later { endpoint: &mut endpoint, now })
                }
                Output::Event(event) => router.observe(&mut state, &event),
                output => apply(output),
            }
        }
        let _ = endpoint.poll_timeout();
    }

    fn is_send<T: Send>() {}

    #[test]
    fn machines_are_send() {
        is_send::<ServerPipe>();
        is_send::<Endpoint>();
        is_send::<Command>();
        is_send::<server::Call>();
        let _ = pipe_loop::<
            (),
            fn(Option<Instant>) -> (Instant, std::vec::Vec<u8>),
            fn(&[u8]) -> usize,
        >;
        let _ = http_loop::<(), fn(Output)>;
    }
}
