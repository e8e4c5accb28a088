//! Every sequence of four messages of twelve kinds, against a model of the lifecycle that was
//! written from the spec and shares no code with the machine.

use serde_json::value::RawValue;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Initialize,
    Initialized,
    Ping,
    Call,
    UnknownMethod,
    UnknownNotification,
    Cancel,
    Response,
    ModernCall,
    ModernDiscover,
    Junk,
    SetLevel,
}

use Kind::{
    Call, Cancel, Initialize, Initialized, Junk, ModernCall, ModernDiscover, Ping, Response,
    SetLevel, UnknownMethod, UnknownNotification,
};

const KINDS: [Kind; 12] = [
    Initialize,
    Initialized,
    Ping,
    Call,
    UnknownMethod,
    UnknownNotification,
    Cancel,
    Response,
    ModernCall,
    ModernDiscover,
    Junk,
    SetLevel,
];

const LENGTH: usize = 4;

/// What one message leads to, in the order in which it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// A result under the message's id.
    Result,
    /// An error under the message's id.
    Error(i64),
    /// An error without an id, or with the id `null`.
    Unidentified {
        code: i64,
        null: bool,
    },
    Opened,
    Called,
    /// The call that came as the nth message is cancelled.
    Cancelled(usize),
    Notified,
    DroppedNotification,
    DroppedResponse,
    DroppedJunk,
}

/// What the spec says of a legacy session and of requests without one.
struct Model {
    offered: Version,
    session: Option<Session>,
    /// Which messages are calls that run.
    running: [bool; LENGTH],
    /// The call that a cancellation would name.
    last_call: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Session {
    Initializing,
    Operating,
}

impl Model {
    fn new(offered: Version) -> Self {
        Self { offered, session: None, running: [false; LENGTH], last_call: None }
    }

    fn expect(&mut self, place: usize, kind: Kind) -> Vec<Seen> {
        let open = self.session.is_some();
        Vec::from(match (kind, open) {
            (Initialize, false) => {
                self.session = Some(Session::Initializing);
                return [Seen::Result, Seen::Opened].into();
            }
            (Initialize, true) | (Call | UnknownMethod | SetLevel, false) => [Seen::Error(-32600)],
            (Initialized, _) => {
                if self.session != Some(Session::Initializing) {
                    return [Seen::DroppedNotification].into();
                }
                self.session = Some(Session::Operating);
                return Vec::new();
            }
            (Ping | ModernDiscover, _) | (SetLevel, true) => [Seen::Result],
            (Call, true) | (ModernCall, _) => {
                self.running[place] = true;
                [Seen::Called]
            }
            (UnknownMethod, true) => [Seen::Error(-32601)],
            (UnknownNotification, false) => [Seen::DroppedNotification],
            (UnknownNotification, true) => [Seen::Notified],
            (Cancel, _) => match self.last_call.filter(|call| self.running[*call]) {
                None => [Seen::DroppedNotification],
                Some(call) => {
                    self.running[call] = false;
                    [Seen::Cancelled(call)]
                }
            },
            (Response, _) => [Seen::DroppedResponse],
            (Junk, _) => {
                let dated = ["2024-11-05", "2025-03-26", "2025-06-18"];
                let null = open && dated.contains(&self.offered.as_str());
                return [Seen::Unidentified { code: -32700, null }, Seen::DroppedJunk].into();
            }
        })
    }
}

/// A pipe without the formatting of transcripts, for there are many.
struct Bench {
    pipe: ServerPipe,
    /// The place of each call's message, and the call.
    calls: Vec<(usize, Arc<crate::server::Call>)>,
}

impl Bench {
    fn send(&mut self, place: usize, line: &str) -> Vec<Seen> {
        self.pipe.handle_bytes(Instant::ZERO, line.as_bytes());
        let mut seen = Vec::new();
        while let Some(output) = self.pipe.poll_output() {
            self.read(place, &mut seen);
            let PipeOutput::Event(event) = output else { panic!("{output:?}") };
            seen.push(self.event(place, event));
        }
        self.read(place, &mut seen);
        self.pipe.handle_timeout(Instant::ZERO);
        assert_eq!(self.pipe.poll_timeout(), None, "nothing here has a deadline");
        seen
    }

    fn event(&mut self, place: usize, event: Event) -> Seen {
        use crate::server::Dropped;
        match event {
            Event::Call(call) => {
                self.calls.push((place, call));
                Seen::Called
            }
            Event::Cancelled { call, .. } => {
                let named = self.calls.iter().position(|(_, running)| running.id == call);
                Seen::Cancelled(self.calls.remove(named.unwrap()).0)
            }
            Event::SessionOpened { .. } => Seen::Opened,
            Event::Notified { .. } => Seen::Notified,
            Event::Dropped(Dropped::Notification(_)) => Seen::DroppedNotification,
            Event::Dropped(Dropped::UnknownResponse) => Seen::DroppedResponse,
            Event::Dropped(Dropped::Junk(_)) => Seen::DroppedJunk,
            other => panic!("{other:?}"),
        }
    }

    fn read(&mut self, place: usize, seen: &mut Vec<Seen>) {
        let written: Vec<u8> = self.pipe.pending_write().into();
        self.pipe.consume(written.len());
        for line in written.split_inclusive(|byte| *byte == b'\n') {
            let line = str::from_utf8(line).unwrap().strip_suffix('\n').unwrap();
            assert!(serde_json::from_str::<&RawValue>(line).is_ok(), "{line}");
            seen.push(answer(place, line));
        }
    }
}

fn answer(place: usize, line: &str) -> Seen {
    let rest = line.strip_prefix(r#"{"jsonrpc":"2.0","#).unwrap();
    let code = |rest: &str| {
        let (_, rest) = rest.split_once(r#""error":{"code":"#).unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    if let Some(rest) = rest.strip_prefix(&format!(r#""id":{place},"#)) {
        return if rest.starts_with(r#""result":{"#) {
            Seen::Result
        } else {
            Seen::Error(code(rest))
        };
    }
    Seen::Unidentified { code: code(rest), null: rest.starts_with(r#""id":null,"#) }
}

/// The lines of each kind at each place.
fn lines(offered: Version) -> Vec<[String; LENGTH]> {
    let line = |kind: Kind, place: usize| {
        let id = place.to_string();
        match kind {
            Initialize => initialize(&id, offered.as_str()),
            Initialized => INITIALIZED.into(),
            Ping => legacy(&id, "ping", "{}"),
            Call => legacy(&id, "tools/call", r#"{"name":"t"}"#),
            UnknownMethod => legacy(&id, "no/such", "{}"),
            UnknownNotification => notification("no/such", "{}"),
            Cancel => cancel("-1"),
            Response => r#"{"jsonrpc":"2.0","id":"2.1.k","result":{}}"#.into(),
            ModernCall => modern_with("{}", &id, "tools/call", r#""name":"t""#),
            ModernDiscover => modern_with("{}", &id, "server/discover", ""),
            Junk => "{".into(),
            SetLevel => legacy(&id, "logging/setLevel", r#"{"level":"debug"}"#),
        }
    };
    KINDS.map(|kind| core::array::from_fn(|place| line(kind, place) + "\n")).into()
}

fn run(
    lines: &[[String; LENGTH]],
    offered: Version,
    sequence: [usize; LENGTH],
    offer: &Arc<Offer>,
) {
    let entropy = Box::new(Seeded::new(&Arc::default()));
    let mut bench = Bench { pipe: ServerPipe::new(config(), entropy), calls: Vec::new() };
    bench.pipe.set_offer(offer.clone());
    let mut model = Model::new(offered);
    for (place, number) in sequence.into_iter().enumerate() {
        let kind = KINDS[number];
        let mut line = lines[number][place].clone();
        if let (Cancel, Some(call)) = (kind, model.last_call) {
            line = cancel(&call.to_string()) + "\n";
        }
        let expected = model.expect(place, kind);
        if matches!(kind, Call | ModernCall) {
            model.last_call = Some(place);
        }
        let seen = bench.send(place, &line);
        assert_eq!(seen, expected, "{place} of {:?}", sequence.map(|number| KINDS[number]));
    }
    for (place, call) in core::mem::take(&mut bench.calls) {
        assert!(core::mem::take(&mut model.running[place]));
        let reply = Reply::Result(ResultBody::default());
        let respond = Command::Respond { call: call.id, reply };
        bench.pipe.handle_command(Instant::ZERO, respond).unwrap();
        assert_eq!(bench.send(place, ""), [Seen::Result]);
    }
    assert_eq!(model.running, [false; LENGTH]);
    assert!(bench.pipe.is_idle());
}

fn run_all(offered: Version) {
    let (lines, offer) = (lines(offered), Arc::new(offer()));
    for number in 0..KINDS.len().pow(4) {
        let digit = |place: u32| number / KINDS.len().pow(place) % KINDS.len();
        run(&lines, offered, [digit(3), digit(2), digit(1), digit(0)], &offer);
    }
}

#[test]
fn all_sequences_that_offer_2024_11_05() {
    run_all(Version::V2024_11_05);
}

#[test]
fn all_sequences_that_offer_2025_03_26() {
    run_all(Version::V2025_03_26);
}

#[test]
fn all_sequences_that_offer_2025_06_18() {
    run_all(Version::V2025_06_18);
}

#[test]
fn all_sequences_that_offer_2025_11_25() {
    run_all(Version::V2025_11_25);
}

#[test]
fn all_sequences_that_offer_2026_07_28() {
    run_all(Version::V2026_07_28);
}
