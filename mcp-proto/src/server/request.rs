//! A request arrives: which era it is of, whether it may be served, and by whom.
//!
//! Spec: "Versioning" of 2026-07-28 (dual-era servers); `basic/lifecycle` of the older revisions.

use alloc::{boxed::Box, collections::BTreeMap, format, sync::Arc};
use core::sync::atomic::{AtomicBool, AtomicU8};

use serde_json::value::RawValue;

use super::{
    Answer, Asked, Call, CallMeta, Check, Event, Flags, Memo, Method, Origin, Progress, Received,
    Running, Server, SessionKey,
    lifecycle::{Kind, Phase, Verdict, verdict},
    method, request_meta,
    state::Binding,
    vocabulary::Known,
};
use crate::{
    error::{ErrorObject, code},
    grant::Grant,
    schema::{ClientCapabilities, Level},
    terms::Terms,
    time::Instant,
    version::Version,
    wire::{Distinct, Id, Json, Meta, Params, Request, RequestId, Shape},
};

/// A request on its way to be served.
pub(super) struct Incoming<'a> {
    pub(super) now: Instant,
    pub(super) origin: Origin,
    pub(super) grant: Arc<Grant>,
    pub(super) id: &'a RequestId,
    pub(super) method: &'a str,
    pub(super) known: Option<Known>,
    pub(super) params: &'a Params<'a>,
    pub(super) meta: Option<&'a Meta<'a>>,
    pub(super) check: &'a Check<'a>,
}

/// Under which terms a request is served.
struct Ground {
    terms: Arc<Terms>,
    session: Option<SessionKey>,
    level: Arc<AtomicU8>,
}

impl Server {
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        origin: Origin,
        grant: Arc<Grant>,
        request: Request<'_>,
        check: &Check<'_>,
    ) -> Received {
        let Request { id, method, params } = request;
        if id.byte_len() > self.config.limits.id_bytes_max {
            let error = ErrorObject::invalid_request("The request id is too long");
            return Received::Refused { id: None, error };
        }
        let id = id.into_owned();
        let known = Known::of(&method);
        let meta = params.meta.as_ref().and_then(|meta| meta.as_ref().ok());
        let (method, params) = (&*method, &params);
        let incoming = Incoming { now, origin, grant, id: &id, method, known, params, meta, check };
        match self.classify(&incoming) {
            Ok(received) => received,
            Err(error) => Received::Refused { id: Some(id), error },
        }
    }

    /// Each message is classified by itself: a pipe may carry both eras at once.
    fn classify(&mut self, incoming: &Incoming<'_>) -> Result<Received, ErrorObject> {
        if let Some(scope) = incoming.origin.scope()
            && self.inbound.find(scope, incoming.id).is_some()
        {
            return Err(ErrorObject::invalid_request("The request id is in use"));
        }
        if incoming.params.shape == Shape::Other {
            return Err(ErrorObject::invalid_params("params must be an object"));
        }
        if incoming.params.meta.is_some() && incoming.meta.is_none() {
            return Err(ErrorObject::invalid_params("_meta must be an object"));
        }
        match incoming.meta.and_then(|meta| Some((meta, meta.version?))) {
            Some((meta, version)) if self.serves(false) => {
                self.modern_request(incoming, meta, version)
            }
            _ => self.legacy_request(incoming),
        }
    }

    /// Whether any revision with a handshake, or without one, is served.
    pub(crate) fn serves(&self, handshake: bool) -> bool {
        self.config.versions.iter().any(|version| version.rules().handshake == handshake)
    }

    fn modern_request(
        &mut self,
        incoming: &Incoming<'_>,
        meta: &Meta<'_>,
        version: &RawValue,
    ) -> Result<Received, ErrorObject> {
        let version = request_meta::version(version, &self.config.versions)?;
        self.check_exists(incoming, version.rules().handshake)?;
        let terms = self.declarations.terms(version, meta)?;
        let level = request_meta::log_level(meta.log_level)?;
        match incoming.known {
            Some(Known::Discover) => Ok(self.discover(incoming.id, version)),
            Some(Known::Listen) => self.listen(incoming),
            _ => {
                let place = level.map_or(Level::ALL.len(), |level| level as usize);
                let ground = Ground { terms, session: None, level: self.levels[place].clone() };
                self.begin_call(incoming, ground)
            }
        }
    }

    fn legacy_request(&mut self, incoming: &Incoming<'_>) -> Result<Received, ErrorObject> {
        if let Origin::Sessionless { version, .. } = incoming.origin
            && self.serves(true)
        {
            return self.sessionless_request(incoming, version);
        }
        let key = self.session_of(incoming.origin);
        let session = key.and_then(|key| self.sessions.get(&key));
        let phase = self.phase_of(key);
        let kind = match incoming.known {
            Some(Known::Initialize) => Kind::Initialize,
            Some(Known::Ping) => Kind::Ping,
            _ => Kind::Request,
        };
        if kind != Kind::Initialize && !self.serves(true) {
            return Err(self.refusal(incoming, phase));
        }
        match verdict(phase, kind) {
            Verdict::Begin => self.initialize(incoming),
            Verdict::Refuse | Verdict::Drop | Verdict::Operate => {
                Err(self.refusal(incoming, phase))
            }
            Verdict::Serve => {
                self.check_exists(incoming, true)?;
                if incoming.known == Some(Known::Ping) {
                    return Ok(self.pong(incoming.id));
                }
                let Some((key, session)) = key.zip(session) else {
                    return Err(ErrorObject::internal());
                };
                let ground = Ground {
                    terms: session.terms.clone(),
                    session: Some(key),
                    level: session.level.clone(),
                };
                match incoming.known {
                    Some(Known::SetLevel) => self.set_level(incoming, Some(key)),
                    Some(Known::Subscribe) => self.subscribe(incoming, key),
                    Some(Known::Unsubscribe) => self.unsubscribe(incoming, key),
                    _ => self.begin_call(incoming, ground),
                }
            }
        }
    }

    /// A legacy request that stands by itself: nobody knows what its client can do.
    fn sessionless_request(
        &mut self,
        incoming: &Incoming<'_>,
        version: Version,
    ) -> Result<Received, ErrorObject> {
        self.check_exists(incoming, true)?;
        match incoming.known {
            Some(Known::Initialize) => self.initialize(incoming),
            Some(Known::Ping) => Ok(self.pong(incoming.id)),
            Some(Known::SetLevel) => self.set_level(incoming, None),
            Some(Known::Subscribe | Known::Unsubscribe) => {
                Err(ErrorObject::method_not_found(incoming.method))
            }
            _ => {
                let capabilities = ClientCapabilities::default();
                let terms = Arc::new(Terms { version, capabilities, client: None });
                let level = self.levels[self.config.log_level as usize].clone();
                self.begin_call(incoming, Ground { terms, session: None, level })
            }
        }
    }

    /// Why a legacy request is not served in this phase. The process stays: a client that probes
    /// goes on with `initialize`.
    fn refusal(&self, incoming: &Incoming<'_>, phase: Phase) -> ErrorObject {
        match phase {
            Phase::Fresh => {}
            Phase::Ended => return ErrorObject::invalid_request("The session has ended"),
            Phase::Initializing | Phase::Operating => {
                return ErrorObject::invalid_request("The session is initialized already");
            }
        }
        let no_handshake = incoming.known.is_some_and(|known| !known.exists(true));
        let has_terms = incoming.meta.is_some_and(|meta| meta.capabilities.is_some());
        if self.serves(false) && (!self.serves(true) || no_handshake || has_terms) {
            return request_meta::missing_version(&self.config.versions);
        }
        if no_handshake {
            return ErrorObject::method_not_found(incoming.method);
        }
        ErrorObject::invalid_request("The session is not initialized")
    }

    /// A method exists if the era has it and the application offers what it belongs to.
    fn check_exists(&self, incoming: &Incoming<'_>, handshake: bool) -> Result<(), ErrorObject> {
        let offered = match incoming.known {
            Some(known) => known.exists(handshake) && self.is_offered(known),
            None => self.offer.methods.contains(incoming.method),
        };
        if offered { Ok(()) } else { Err(ErrorObject::method_not_found(incoming.method)) }
    }

    fn is_offered(&self, known: Known) -> bool {
        let capabilities = &self.offer.capabilities;
        match known {
            Known::Initialize | Known::Ping | Known::Discover | Known::Listen => true,
            Known::SetLevel => capabilities.logging,
            Known::Subscribe | Known::Unsubscribe => {
                capabilities.resources.is_some_and(|resources| resources.subscribe)
            }
            Known::ToolsList | Known::ToolsCall => capabilities.tools.is_some(),
            Known::PromptsList | Known::PromptsGet => capabilities.prompts.is_some(),
            Known::ResourcesList | Known::ResourceTemplatesList | Known::ResourcesRead => {
                capabilities.resources.is_some()
            }
            Known::Complete => capabilities.completions,
        }
    }

    fn begin_call(
        &mut self,
        incoming: &Incoming<'_>,
        ground: Ground,
    ) -> Result<Received, ErrorObject> {
        let Incoming { origin, id, known, params, .. } = *incoming;
        let Ground { terms, session, level } = ground;
        let rules = terms.version.rules();
        let method = match known {
            Some(known) => method::of_call(known, params)?.ok_or_else(ErrorObject::internal)?,
            None => Method::Other { method: incoming.method.into(), params: params.to_json() },
        };
        let progress = self.progress_token(incoming.meta)?;
        if let Some(forbidden) = self.lacking_scopes(incoming, &method) {
            return Ok(forbidden);
        }
        (incoming.check)(&method, &self.offer)?;
        // Before the state is opened, for a guard lets it count once.
        self.check_room(origin)?;
        let asks_in_result = !rules.server_requests && known.is_some_and(Known::may_ask);
        let memo = if asks_in_result {
            self.open_state(incoming.now, &incoming.grant, &method, params)?
        } else {
            Memo::default()
        };
        let call_id = self.new_call();
        let attached = session
            .and_then(|key| self.sessions.get(&key))
            .map_or_else(Arc::default, |session| session.attached().clone());
        let call = Arc::new(Call {
            id: call_id,
            request_id: id.clone(),
            session,
            terms,
            grant: incoming.grant.clone(),
            method,
            wants_progress: progress.is_some(),
            meta: incoming.meta.map_or_else(CallMeta::default, call_meta),
            memo,
            attached,
            flags: Flags { cancelled: Arc::new(AtomicBool::new(false)), level },
        });
        if let Some(scope) = origin.scope() {
            self.inbound.open(scope, id.clone(), call_id);
        }
        let running = Running {
            call: call.clone(),
            origin,
            may_ask: (rules.server_requests && session.is_some()) || asks_in_result,
            cacheable: rules.result_type && known.is_some_and(Known::is_cacheable),
            progress,
            asking: None,
        };
        self.calls.insert(call_id, running);
        self.tell(Event::Call(call));
        Ok(Received::Call(call_id))
    }

    /// A caller who may see a tool may still lack what calling it takes.
    fn lacking_scopes(&self, incoming: &Incoming<'_>, method: &Method) -> Option<Received> {
        let Method::ToolsCall { name, .. } = method else { return None };
        let scopes = self.offer.tool_scopes.get(name)?;
        let grant = &incoming.grant;
        if !grant.tools.allows(name) || scopes.iter().all(|scope| grant.has_scope(scope)) {
            return None;
        }
        let mut error = ErrorObject::invalid_request("The tool needs scopes that were not granted");
        error.data = Json::of(&BTreeMap::from([("requiredScopes", scopes)])).ok();
        Some(Received::Forbidden { id: incoming.id.clone(), error, scopes: scopes.clone() })
    }

    /// One peer does not take all the room there is.
    pub(super) fn check_room(&self, origin: Origin) -> Result<(), ErrorObject> {
        let running = origin.scope().map_or(0, |scope| self.inbound.count(scope));
        if running < self.config.limits.calls_max {
            Ok(())
        } else {
            Err(ErrorObject::new(code::INTERNAL_ERROR, "Too many requests in flight"))
        }
    }

    fn progress_token(&self, meta: Option<&Meta<'_>>) -> Result<Option<Progress>, ErrorObject> {
        let Some(raw) = meta.and_then(|meta| meta.progress_token) else { return Ok(None) };
        Id::parse(raw.get())
            .filter(|token| token.byte_len() <= self.config.limits.id_bytes_max)
            .map(|token| Some(Progress { token: token.into_owned(), floor: None }))
            .ok_or_else(|| {
                ErrorObject::invalid_params("progressToken must be a short string or an integer")
            })
    }

    /// What earlier rounds of a 2026-07-28 request brought, out of `requestState`, and the
    /// answers that came with this one.
    fn open_state(
        &self,
        now: Instant,
        grant: &Grant,
        method: &Method,
        params: &Params<'_>,
    ) -> Result<Memo, ErrorObject> {
        if params.request_state.is_none() && params.input_responses.is_none() {
            return Ok(Memo::default());
        }
        let answers = params.input_responses.map(input_responses).transpose()?;
        let mut memo = Memo::default();
        if let Some(raw) = params.request_state {
            let text = method::text("requestState", Some(raw))?;
            let target = Target::of(method).ok_or_else(ErrorObject::internal)?;
            let (binding, unix) = (target.binding(grant), self.unix(now));
            memo = self
                .sealer
                .open(&text, &binding, unix, self.config.limits.state_bytes_max)
                .filter(|_| self.config.state_guard.as_ref().is_none_or(|g| g.admits(&text)))
                .ok_or_else(|| ErrorObject::invalid_params("Invalid requestState"))?;
        }
        for (key, answer) in answers.unwrap_or_default() {
            if params.request_state.is_none() {
                let asked = Asked { digest: None, answer: Some(Answer::Given(answer)) };
                memo.answers.by_key.insert(key, asked);
            } else if let Some(asked) = memo.answers.by_key.get_mut(&key) {
                asked.answer = Some(Answer::Given(answer));
            }
        }
        Ok(memo)
    }
}

/// What `requestState` is good for: this method, target and these arguments.
pub(super) struct Target<'a> {
    method: &'static str,
    name: &'a str,
    arguments: Option<Json>,
}

impl<'a> Target<'a> {
    /// The target of a call that may be answered with `input_required`.
    pub(super) fn of(method: &'a Method) -> Option<Self> {
        Some(match method {
            Method::ToolsCall { name, arguments } => {
                Self { method: "tools/call", name, arguments: Some(arguments.clone()) }
            }
            Method::PromptsGet { name, arguments } => {
                Self { method: "prompts/get", name, arguments: Json::of(arguments).ok() }
            }
            Method::ResourcesRead { uri } => {
                Self { method: "resources/read", name: uri, arguments: None }
            }
            _ => return None,
        })
    }

    /// Bound to the caller too.
    pub(super) fn binding<'b>(&'b self, grant: &'b Grant) -> Binding<'b> {
        Binding {
            subject: grant.subject.as_deref(),
            method: self.method,
            target: self.name,
            arguments: self.arguments.as_ref(),
        }
    }
}

/// `inputResponses`: each under its key, and an object.
fn input_responses(raw: &RawValue) -> Result<BTreeMap<Box<str>, Json>, ErrorObject> {
    let Distinct::<&RawValue>(answers) = serde_json::from_str(raw.get())
        .map_err(|_| ErrorObject::invalid_params("inputResponses must be an object"))?;
    answers
        .into_iter()
        .map(|(key, answer)| {
            if answer.get().starts_with('{') {
                Ok((key, Json::from_raw(answer)))
            } else {
                let what = format!("inputResponses[{key:?}] must be an object");
                Err(ErrorObject::invalid_params(what))
            }
        })
        .collect()
}

fn call_meta(meta: &Meta<'_>) -> CallMeta {
    if meta.rest.is_empty() {
        return CallMeta::default();
    }
    let members = meta.rest.iter().map(|(key, value)| (Box::from(&**key), Json::from_raw(value)));
    CallMeta(Some(Arc::new(members.collect())))
}
