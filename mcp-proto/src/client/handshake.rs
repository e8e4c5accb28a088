//! How client and server come to an agreement: the probe, `initialize`, and what goes wrong.
//!
//! Spec: "Backward compatibility" of 2026-07-28's `basic/versioning`; `basic/lifecycle` of the
//! older revisions.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::time::Duration;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::{
    Agreement, CallError, Client, ClientEvent, ClientOutput, ConnectError, Phase, Sent, Timer,
    Violation,
    encode::{RequestMeta, capabilities, level_params},
    probe::{Choice, Step},
};
use crate::{
    error::ErrorObject,
    rpc,
    schema::Implementation,
    time::Instant,
    version::Version,
    wire::{Frame, Json, Object, RequestId},
};

impl Client {
    /// Begins: probes the server, or initializes it, as [`Era`](super::Era) says.
    pub fn start(&mut self, now: Instant) {
        if !matches!(self.phase, Phase::Fresh) {
            return;
        }
        match (Choice { versions: &self.versions, second: false }).newest() {
            Some(version) => self.probe(now, version, false),
            None => self.initialize(now, false),
        }
    }

    /// The server was started anew, after [`ClientOutput::Respawn`].
    pub fn respawned(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Respawning) {
            self.initialize(now, false);
        }
    }

    fn probe(&mut self, now: Instant, version: Version, second: bool) {
        self.phase = Phase::Probing { second };
        let id = self.new_request(Sent::Probe);
        let meta = RequestMeta { version, token: None, trace: None, own: "", log_level: None };
        let params = format!(r#"{{"_meta":{{{}}}}}"#, self.request_meta(&meta));
        let text = rpc::request(&id, "server/discover", &params);
        self.send(None, Frame::owned(text));
        self.timers.set(Timer::Connect, now + self.probe_time(second));
    }

    /// How long the server may take over the probe.
    pub(super) fn probe_time(&self, second: bool) -> Duration {
        match (Choice { versions: &self.versions, second }).fall_back() {
            Step::FallBack => self.config.probe_timeout,
            // Giving up early would win nothing: a server may take its time to start.
            _ => self.config.initialize_timeout,
        }
    }

    /// `probed`: whether this very server has seen the probe.
    pub(super) fn initialize(&mut self, now: Instant, probed: bool) {
        // An answer to the probe that is still on its way has come too late.
        self.sent.clear();
        let Some(version) = Version::newest_with_handshake(&self.versions) else {
            return self.fail(ConnectError::NoCommonVersion);
        };
        self.phase = Phase::Initializing { probed };
        let rules = version.rules();
        let mut params = String::new();
        let mut object = Object::begin(&mut params);
        object.text("protocolVersion", version.as_str());
        object.raw("capabilities", &capabilities(&self.config.capabilities, rules));
        object.raw("clientInfo", &self.config.info.encode(rules));
        object.end();
        let id = self.new_request(Sent::Initialize);
        let text = rpc::request(&id, "initialize", &params);
        self.send(None, Frame::owned(text));
        self.timers.set(Timer::Connect, now + self.config.initialize_timeout);
    }

    /// The server answered the probe.
    pub(super) fn probed(&mut self, now: Instant, outcome: Result<Json, ErrorObject>) {
        let Phase::Probing { second } = self.phase else { return };
        let choice = Choice { versions: &self.versions, second };
        let (step, found) = match outcome {
            Err(error) => (choice.on_error(error), None),
            Ok(result) => match discovered(&result) {
                None => (choice.on_result(None), None),
                Some((named, agreement)) => (choice.on_result(Some(&named)), Some(agreement)),
            },
        };
        self.timers.cancel(Timer::Connect);
        match (step, found) {
            (Step::Modern(version), Some(agreement)) => {
                self.agree(now, Agreement { version, ..agreement });
            }
            (step, _) => self.take(now, step),
        }
    }

    /// The server answered a request with what is no response: whoever waits for it need not
    /// wait until it times out.
    pub(crate) fn handle_malformed(&mut self, now: Instant, id: &RequestId) {
        match (self.sent.get(id), &self.phase) {
            (Some(Sent::Probe), &Phase::Probing { second }) => {
                self.timers.cancel(Timer::Connect);
                let step = Choice { versions: &self.versions, second }.on_result(None);
                self.take(now, step);
            }
            (Some(Sent::Initialize), _) => self.fail(ConnectError::Malformed("initialize".into())),
            (Some(&Sent::Call(call)), _) => {
                self.finish(call, Err(CallError::Violation(Violation::Malformed)));
            }
            _ => {}
        }
    }

    fn take(&mut self, now: Instant, step: Step) {
        match step {
            // Only a result can say so, and it brings what goes with it.
            Step::Modern(_) => self.fail(ConnectError::Malformed("server/discover".into())),
            Step::Again(version) => self.probe(now, version, true),
            Step::FallBack => self.initialize(now, true),
            Step::NoCommonVersion => self.fail(ConnectError::NoCommonVersion),
            Step::Refused(error) => self.fail(ConnectError::Refused(error)),
        }
    }

    /// The server answered `initialize`.
    pub(super) fn initialized(&mut self, now: Instant, outcome: Result<Json, ErrorObject>) {
        self.timers.cancel(Timer::Connect);
        let result = match outcome {
            Ok(result) => result,
            Err(error) => return self.not_initialized(now, error),
        };
        let Some((name, mut agreement)) = initialize_result(&result) else {
            return self.fail(ConnectError::Malformed("initialize".into()));
        };
        let version = name.parse().ok().filter(|version: &Version| {
            self.versions.contains(version) && version.rules().handshake
        });
        let Some(version) = version else { return self.fail(ConnectError::NoCommonVersion) };
        agreement.version = version;
        let text = String::from(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self.send(None, Frame::owned(text));
        self.agree(now, agreement);
    }

    /// A modern server may have answered the probe only after its time: it says so by refusing
    /// `initialize`, and is asked once more, as what it is.
    fn not_initialized(&mut self, now: Instant, error: ErrorObject) {
        let choice = Choice { versions: &self.versions, second: false };
        match choice.on_initialize_error(&error) {
            Some(version) => {
                self.versions.retain(|version| !version.rules().handshake);
                self.probe(now, version, true);
            }
            None => self.fail(ConnectError::Refused(error)),
        }
    }

    fn agree(&mut self, now: Instant, agreement: Agreement) {
        let handshake = agreement.version.rules().handshake;
        let level = self.log_level.filter(|_| sets_level(&agreement));
        let agreement = Arc::new(agreement);
        self.phase = Phase::Ready(agreement.clone());
        self.identity = Some(agreement.version)
            .filter(|_| !handshake)
            .map(|version| (version, self.identity(version)));
        self.tell(ClientEvent::Ready(agreement));
        if let Some(level) = level {
            let id = self.new_forgotten();
            let text = rpc::request(&id, "logging/setLevel", level_params(level).as_str());
            self.send(None, Frame::owned(text));
        }
        self.send_held(now);
    }

    pub(crate) fn fail(&mut self, error: ConnectError) {
        self.phase = Phase::Failed;
        self.timers.cancel(Timer::Connect);
        self.sent.clear();
        self.lose_calls();
        self.tell(ClientEvent::Failed(error));
        self.outputs.push_back(ClientOutput::Close);
    }

    pub(super) fn connect_timed_out(&mut self, now: Instant) {
        match self.phase {
            Phase::Probing { second } => {
                let choice = Choice { versions: &self.versions, second };
                match choice.fall_back() {
                    Step::FallBack => self.initialize(now, true),
                    _ => self.fail(ConnectError::TimedOut),
                }
            }
            // `initialize` is never cancelled: the transport is closed.
            Phase::Initializing { .. } => self.fail(ConnectError::TimedOut),
            Phase::Fresh | Phase::Respawning | Phase::Ready(_) | Phase::Failed => {}
        }
    }

    /// The transport has ended. Whatever waits for the server fails at once; during the probe a
    /// server that ends may be a legacy one, and is asked for anew.
    pub fn handle_closed(&mut self) {
        match self.phase {
            Phase::Probing { second } => {
                let choice = Choice { versions: &self.versions, second };
                if choice.fall_back() == Step::FallBack {
                    self.respawn();
                } else {
                    self.fail(ConnectError::Closed);
                }
            }
            // It was the probe that ended it, only not at once.
            Phase::Initializing { probed: true } => self.respawn(),
            Phase::Fresh | Phase::Respawning | Phase::Initializing { .. } => {
                self.fail(ConnectError::Closed);
            }
            Phase::Ready(_) => {
                self.phase = Phase::Failed;
                self.lose_calls();
                self.sent.clear();
            }
            Phase::Failed => {}
        }
    }

    fn respawn(&mut self) {
        self.phase = Phase::Respawning;
        self.timers.cancel(Timer::Connect);
        self.sent.clear();
        self.outputs.push_back(ClientOutput::Respawn);
    }
}

/// Whether the server is told by a request from which level on to send log messages.
pub(super) fn sets_level(agreement: &Agreement) -> bool {
    #[derive(Default, Deserialize)]
    struct Declared {
        logging: Option<IgnoredAny>,
    }
    let declared: Declared = agreement.capabilities.parse().unwrap_or_default();
    agreement.version.rules().handshake && declared.logging.is_some()
}

/// The revisions that the server names, and what an agreement on one of them says.
fn discovered(result: &Json) -> Option<(Vec<String>, Agreement)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        supported_versions: Vec<String>,
        #[serde(borrow)]
        capabilities: &'a RawValue,
        instructions: Option<String>,
        #[serde(rename = "_meta", borrow)]
        meta: Option<Meta<'a>>,
        #[serde(borrow)]
        server_info: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Meta<'a> {
        #[serde(rename = "io.modelcontextprotocol/serverInfo", borrow)]
        server_info: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = result.parse().ok()?;
    let info = wire.meta.and_then(|meta| meta.server_info).or(wire.server_info);
    let agreement = Agreement {
        version: Version::LATEST,
        server: info.and_then(implementation),
        capabilities: declaration(wire.capabilities)?,
        instructions: wire.instructions,
    };
    Some((wire.supported_versions, agreement))
}

/// The version that the server names, and the rest of the agreement.
fn initialize_result(result: &Json) -> Option<(Box<str>, Agreement)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        protocol_version: Box<str>,
        #[serde(borrow)]
        capabilities: &'a RawValue,
        #[serde(borrow)]
        server_info: Option<&'a RawValue>,
        instructions: Option<String>,
    }
    let wire: Wire<'_> = result.parse().ok()?;
    let agreement = Agreement {
        version: Version::LATEST_WITH_HANDSHAKE,
        server: wire.server_info.and_then(implementation),
        capabilities: declaration(wire.capabilities)?,
        instructions: wire.instructions,
    };
    Some((wire.protocol_version, agreement))
}

/// Capabilities are an object, whatever is in it.
fn declaration(raw: &RawValue) -> Option<Json> {
    raw.get().starts_with('{').then(|| Json::from_raw(raw))
}

/// What a server calls itself is for display: what cannot be read is left out.
fn implementation(raw: &RawValue) -> Option<Implementation> {
    serde_json::from_str(raw.get()).ok()
}
