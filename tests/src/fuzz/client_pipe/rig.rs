//! The client, its application, and what is held against it.

use std::{collections::BTreeSet, time::Duration};

use mcp_proto::{
    ClientPipe, ClientPipeOutput, ErrorObject, Instant, Limits,
    client::{CallOptions, ClientCallId, ClientConfig, ClientEvent, Era, Listening, QuestionId},
    schema::{Answer, ClientCapabilities, ElicitationCapability, Implementation, Level},
    wire::Json,
};

use super::Input;
use crate::{
    checker::{Line, Reading},
    fuzz::script::Timed,
};

/// More steps than any input has work for.
const STEPS_MAX: usize = 10_000;

/// What came out of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    output: String,
    events: Vec<String>,
}

pub(super) struct Rig {
    pipe: ClientPipe,
    now: Instant,
    calls: BTreeSet<ClientCallId>,
    /// Calls that have ended.
    finished: BTreeSet<ClientCallId>,
    questions: BTreeSet<QuestionId>,
    /// The ids of the client's requests, and those that ever were.
    requests: Vec<String>,
    used: BTreeSet<String>,
    /// The requests that were open at the last action, the newest first.
    known: Vec<String>,
    closed: bool,
    trace: Trace,
}

impl Rig {
    pub(super) fn new(settings: u8, limits: u8) -> Self {
        let elicitation = Some(ElicitationCapability { form: true, url: true });
        let capabilities = ClientCapabilities { elicitation, ..ClientCapabilities::default() };
        let mut config = ClientConfig::new(Implementation::new("c", "1"), capabilities);
        config.era = if settings & 1 == 0 { Era::Auto } else { Era::Legacy };
        let narrow = |bit: u8, narrow, wide| if limits & bit == 0 { wide } else { narrow };
        config.limits = Limits {
            message_bytes_max: narrow(1, 200, 1 << 16),
            output_bytes_max: narrow(2, 300, 1 << 16),
            calls_max: narrow(4, 2, 32),
            questions_max: narrow(8, 1, 8),
            pages_max: narrow(16, 2, 8),
            rounds_max: if limits & 32 == 0 { 8 } else { 1 },
            subscriptions_max: narrow(64, 1, 8),
            cache_entries_max: narrow(128, 0, 4),
            ..Limits::default()
        };
        let mut rig = Self {
            pipe: ClientPipe::new(config),
            now: Instant::ZERO,
            calls: BTreeSet::new(),
            finished: BTreeSet::new(),
            questions: BTreeSet::new(),
            requests: Vec::new(),
            used: BTreeSet::new(),
            known: Vec::new(),
            closed: false,
            trace: Trace::default(),
        };
        rig.pipe.start(rig.now);
        rig.drain();
        rig.write();
        rig
    }

    /// What the server sends, with the ids in it.
    pub(super) fn named(&self, text: &[u8]) -> Vec<u8> {
        let mut named = Vec::new();
        let mut rest = text.iter();
        while let Some(byte) = rest.next() {
            let digit = rest.as_slice().first().filter(|next| next.is_ascii_digit());
            match digit.filter(|_| *byte == b'$') {
                Some(digit) => {
                    let id = self.known.get(usize::from(digit - b'0')).map_or("999", |id| id);
                    named.extend(id.bytes());
                    rest.next();
                }
                None => named.push(*byte),
            }
        }
        named
    }

    /// The server sends bytes.
    pub(super) fn feed(&mut self, chunks: &[&[u8]]) {
        for chunk in chunks {
            self.pipe.handle_bytes(self.now, chunk);
            self.drain();
        }
        self.write();
    }

    /// The application or the driver does something:
    ///
    /// * `c`, `q`, `l`, `s`, `n`: a call of a tool, all pages of a list, a subscription, a log
    ///   level, a notification.
    /// * `x` and `a`, with a digit: a call is cancelled, a question answered; `r`: it is refused.
    /// * `t` and a digit: time passes. `z`: the server's output ends, and it may begin anew.
    pub(super) fn act(&mut self, input: &mut Input<'_>) {
        let letter = input.byte();
        let place = usize::from(input.number());
        match letter {
            b'c' => self.call("tools/call", r#"{"name":"t"}"#, false),
            b'q' => self.call("tools/list", "{}", true),
            b'l' => {
                let uris = vec!["a:1".into()];
                let wish = Listening { tools: true, uris, ..Listening::default() };
                let call = self.pipe.listen(self.now, wish);
                self.calls.insert(call);
            }
            b's' => self.calls.extend(self.pipe.set_level(self.now, Level::Error)),
            b'n' => drop(self.pipe.notify("notifications/x", &json("{}"))),
            b'x' => {
                if let Some(call) = nth(&self.calls, place) {
                    assert_eq!(self.pipe.cancel(call, Some("why")), Ok(()), "it has not ended");
                }
            }
            b'a' | b'r' => self.answer(place, letter == b'r'),
            b't' => self.pass(Duration::from_millis(1 << (place % 22))),
            b'z' => self.end_input(),
            _ => {}
        }
        self.drain();
        self.write();
        self.known = self.requests.iter().rev().cloned().collect();
    }

    fn call(&mut self, method: &str, params: &str, all_pages: bool) {
        let options = CallOptions { all_pages, ..CallOptions::default() };
        let call = self.pipe.call(self.now, method, &json(params), options);
        self.calls.insert(call);
    }

    fn answer(&mut self, place: usize, refuse: bool) {
        let Some(question) = nth(&self.questions, place) else { return };
        let answer = if refuse {
            Answer::Refused(ErrorObject::new(-1, "no"))
        } else {
            Answer::Given(json(r#"{"action":"decline"}"#))
        };
        assert_eq!(self.pipe.answer(self.now, question, answer), Ok(()), "it is open");
        self.questions.remove(&question);
    }

    fn end_input(&mut self) {
        self.pipe.handle_eof(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        for _ in 0..STEPS_MAX {
            let Some(output) = self.pipe.poll_output() else { return self.check_bounds() };
            self.trace.events.push(format!("{output:?}"));
            match output {
                ClientPipeOutput::Event(event) => self.told(&event),
                ClientPipeOutput::Respawn => {
                    self.write();
                    self.requests.clear();
                    self.pipe.respawned(self.now);
                }
                ClientPipeOutput::Close => {
                    assert!(!core::mem::replace(&mut self.closed, true), "closed twice");
                }
                output => panic!("{output:?}"),
            }
        }
        panic!("the client does not come to rest");
    }

    fn told(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Finished { call, .. } => {
                // One that ends at once is told before its name is known.
                let _ = self.calls.remove(call);
                assert!(self.finished.insert(*call), "{call:?} ends twice");
            }
            ClientEvent::Asked { question, .. } => {
                assert!(self.questions.insert(*question), "{question:?} is asked twice");
            }
            ClientEvent::Withdrawn { question } => {
                assert!(self.questions.remove(question), "{question:?} is not open");
            }
            _ => {}
        }
    }

    /// What the client keeps is what its application knows of, and not too much.
    fn check_bounds(&self) {
        let client = self.pipe.client();
        let open: BTreeSet<ClientCallId> = client.calls().map(|(call, _)| call).collect();
        let limits = &client.config().limits;
        assert!(open.len() <= limits.calls_max, "too many calls");
        let questions: BTreeSet<QuestionId> = client.questions().collect();
        assert_eq!(questions, self.questions);
        assert!(questions.len() <= limits.questions_max * (1 + limits.calls_max));
    }

    /// The server reads all there is.
    fn write(&mut self) {
        let pending = self.pipe.pending_write();
        let text = String::from_utf8(pending.to_vec()).expect("text");
        let count = pending.len();
        self.pipe.consume(count);
        assert!(text.is_empty() || text.ends_with('\n'), "a line without its end");
        for line in text.lines() {
            let Line::Single(reading) = Line::read(line.as_bytes()) else {
                panic!("{line}");
            };
            match reading {
                Reading::Request { id, .. } => {
                    let id = id.to_json();
                    assert!(self.used.insert(id.clone()), "{id} is used twice");
                    self.requests.push(id);
                }
                Reading::Malformed(malformed) => panic!("{malformed:?}: {line}"),
                Reading::Notification { .. } | Reading::Response { .. } => {}
            }
        }
        self.trace.output += &text;
    }

    /// Brings the client to its end.
    pub(super) fn finish(mut self) -> Trace {
        self.end_input();
        // A server that was started anew ends too.
        self.end_input();
        self.write();
        let left: Vec<_> = self.pipe.client().calls().collect();
        assert!(left.is_empty(), "{left:?} never end");
        assert!(self.questions.is_empty(), "a question stays");
        assert_eq!(self.pipe.poll_timeout(), None, "a timer after the end");
        self.trace
    }
}

impl Timed for Rig {
    fn clock(&mut self) -> &mut Instant {
        &mut self.now
    }

    fn due(&self) -> Option<Instant> {
        self.pipe.poll_timeout()
    }

    fn handle_timeout(&mut self) {
        self.pipe.handle_timeout(self.now);
        self.drain();
    }
}

fn nth<T: Copy>(set: &BTreeSet<T>, place: usize) -> Option<T> {
    set.iter().nth(place % set.len().max(1)).copied()
}

fn json(text: &str) -> Json {
    Json::parse_text(text).expect("JSON")
}
