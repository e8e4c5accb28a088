//! A server on the official Rust SDK over HTTP that offers what `$INTEROP_OFFER` says, in each
//! revision that it speaks. Listens on 127.0.0.1, path /mcp, and says on which port. With
//! `--plain` there are no sessions, and answers are JSON.

mod handler;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::serve::ListenerExt as _;
use rmcp::{
    ErrorData, RoleServer,
    model::{
        ErrorCode, InputRequests, InputRequiredResult, InputResponses, PaginatedRequestParams,
        ServerRequest,
    },
    service::{RequestContext, SubscriptionSink},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService,
        session::local::{LocalSessionHandle, LocalSessionManager},
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

type Context = RequestContext<RoleServer>;

/// The first revision in which there are forms.
const FORMS: &str = "2025-06-18";
const URL_REQUIRED: ErrorCode = ErrorCode(-32042);
const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// What all servers of this process have in common: there is one for each session or request.
struct Shared {
    offer: Value,
    tools: Mutex<Vec<Value>>,
    /// What the session wants to hear of the log.
    level: Mutex<String>,
    subscribed: Mutex<BTreeSet<String>>,
    cancelled: AtomicU32,
    listens: Mutex<Vec<SubscriptionSink>>,
    ended: watch::Sender<bool>,
    sessions: Arc<LocalSessionManager>,
    /// What is known no more, and goes on with what it has begun.
    forgotten: Mutex<Vec<LocalSessionHandle>>,
}

#[derive(Clone)]
struct Fixture(Arc<Shared>);

/// Why a call has no result yet, or none at all.
enum Stop {
    Asks(InputRequiredResult),
    Fails(ErrorData),
}

impl From<ErrorData> for Stop {
    fn from(error: ErrorData) -> Self {
        Self::Fails(error)
    }
}

/// The answers and the state that a call of 2026-07-28 comes back with.
#[derive(Default)]
struct Round {
    answers: InputResponses,
    state: Option<String>,
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn internal(error: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

/// A type of the SDK, from what it is on the wire.
fn of<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(internal)
}

fn version(cx: &Context) -> String {
    cx.protocol_version().map(|version| version.to_string()).unwrap_or_default()
}

fn is_modern(cx: &Context) -> bool {
    version(cx) == "2026-07-28"
}

fn said(text: impl ToString) -> Value {
    json!({"content": [{"type": "text", "text": text.to_string()}]})
}

impl Fixture {
    /// A page of a list; its cursor is the place where it begins.
    fn page<T: DeserializeOwned>(
        &self,
        member: &str,
        entries: &[Value],
        params: Option<PaginatedRequestParams>,
    ) -> Result<T, ErrorData> {
        let invalid = |_| ErrorData::invalid_params("Invalid cursor", None);
        let start = params.and_then(|params| params.cursor).unwrap_or_else(|| "0".into());
        let start: usize = start.parse().map_err(invalid)?;
        let size = self.0.offer["pageSize"].as_u64().unwrap_or(1) as usize;
        let page: Vec<&Value> = entries.iter().skip(start).take(size).collect();
        let mut result = json!({member: page});
        if start + size < entries.len() {
            result["nextCursor"] = json!((start + size).to_string());
        }
        of(result)
    }

    fn listed<T: DeserializeOwned>(
        &self,
        member: &str,
        params: Option<PaginatedRequestParams>,
    ) -> Result<T, ErrorData> {
        let entries = self.0.offer[member].as_array().cloned().unwrap_or_default();
        self.page(member, &entries, params)
    }

    /// Asks the client: by a request of its own, or by the result of the call.
    async fn ask(
        &self,
        cx: &Context,
        round: &Round,
        key: &str,
        request: Value,
        state: Option<String>,
    ) -> Result<Value, Stop> {
        if is_modern(cx) {
            if let Some(answer) = round.answers.get(key) {
                return Ok(answer.clone());
            }
            let asked = InputRequests::from([(key.into(), of(request)?)]);
            return Err(Stop::Asks(InputRequiredResult::new(Some(asked), state)));
        }
        let request: ServerRequest = of(request)?;
        let answer = cx.peer.send_request(request).await.map_err(internal)?;
        Ok(serde_json::to_value(answer).map_err(internal)?)
    }

    fn form(&self, name: &str) -> Value {
        let mut params = self.0.offer["forms"][name].clone();
        params["mode"] = json!("form");
        json!({"method": "elicitation/create", "params": params})
    }

    /// Asks for a name, where the revision has forms.
    async fn who(&self, cx: &Context, round: &Round) -> Result<String, Stop> {
        if version(cx).as_str() < FORMS {
            return Ok("nobody".into());
        }
        let answer = self.ask(cx, round, "name", self.form("name"), None).await?;
        Ok(answer["content"]["name"].as_str().unwrap_or("nobody").into())
    }

    async fn tool(
        &self,
        name: &str,
        arguments: &Map<String, Value>,
        round: &Round,
        cx: &Context,
    ) -> Result<Value, Stop> {
        let ask = |key, request| self.ask(cx, round, key, request, None);
        Ok(match name {
            "echo" => said(text(&arguments["message"])),
            "progress" => {
                for step in 1..=3 {
                    report(cx, step, Some(3)).await?;
                }
                said("three steps")
            }
            "log" => self.log(cx).await?,
            "elicit" => {
                let answer = ask("name", self.form("name")).await?;
                said(format!("{}: {}", text(&answer["action"]), text(&answer["content"]["name"])))
            }
            "elicit_url" => self.elicit_url(cx, round).await?,
            "url_required" => {
                let mut wanted = self.0.offer["url"].clone();
                wanted["mode"] = json!("url");
                wanted["elicitationId"] = json!("go-2");
                let data = json!({"elicitations": [wanted]});
                Err(ErrorData::new(URL_REQUIRED, "Somebody has to go there first", Some(data)))?
            }
            "sample" => {
                let params = &self.0.offer["sampling"];
                let wanted = json!({"method": "sampling/createMessage", "params": params});
                let answer = ask("model", wanted).await?;
                let content = &answer["content"];
                let words = content.get("text").unwrap_or(&content[0]["text"]);
                said(format!("{}: {}", text(&answer["model"]), text(words)))
            }
            "roots" => {
                let answer = ask("roots", json!({"method": "roots/list"})).await?;
                let roots = answer["roots"].as_array().cloned().unwrap_or_default();
                said(roots.iter().map(|root| text(&root["uri"])).collect::<Vec<_>>().join(" "))
            }
            "rounds" => self.rounds(cx, round).await?,
            "slow" => self.slow(cx).await?,
            "parting" => self.parting(cx).await?,
            "forget" => self.forget(cx).await?,
            "mirrored" => said(format!(
                "{} {} {} [{}]",
                text(&arguments["region"]),
                arguments["shards"],
                arguments["dry"],
                text(&arguments["note"])
            )),
            "cancelled" => said(self.0.cancelled.load(Ordering::Relaxed)),
            "end_listens" => {
                self.0.ended.send_replace(true);
                said("ended")
            }
            _ => self.change(name, arguments, cx).await?,
        })
    }

    async fn log(&self, cx: &Context) -> Result<Value, ErrorData> {
        let wanted = if is_modern(cx) {
            let level = cx.meta.log_level().and_then(|level| serde_json::to_value(level).ok());
            level.map(|level| text(&level))
        } else {
            Some(lock(&self.0.level).clone())
        };
        let rank = |name: &str| LEVELS.iter().position(|level| *level == name);
        for level in ["debug", "warning", "error"] {
            if wanted.as_deref().is_some_and(|wanted| rank(level) >= rank(wanted)) {
                let params = json!({"level": level, "logger": "fixture", "data": {"said": level}});
                tell(cx, "notifications/message", params).await?;
            }
        }
        Ok(said("logged"))
    }

    async fn elicit_url(&self, cx: &Context, round: &Round) -> Result<Value, Stop> {
        let mut params = self.0.offer["url"].clone();
        params["mode"] = json!("url");
        if !is_modern(cx) {
            params["elicitationId"] = json!("go-1");
        }
        let wanted = json!({"method": "elicitation/create", "params": params});
        let answer = self.ask(cx, round, "go", wanted, None).await?;
        if !is_modern(cx) {
            let done = json!({"elicitationId": "go-1"});
            tell(cx, "notifications/elicitation/complete", done).await?;
        }
        Ok(said(text(&answer["action"])))
    }

    async fn rounds(&self, cx: &Context, round: &Round) -> Result<Value, Stop> {
        let known: Option<Vec<String>> =
            round.state.as_deref().and_then(|state| serde_json::from_str(state).ok());
        let name = match known {
            None => {
                let answer = self.ask(cx, round, "name", self.form("name"), None).await?;
                let name = text(&answer["content"]["name"]);
                if is_modern(cx) {
                    // Nothing is asked in this round: the client comes back with the state alone.
                    let state = json!([name]).to_string();
                    return Err(Stop::Asks(InputRequiredResult::from_request_state(state)));
                }
                name
            }
            Some(known) => known.into_iter().next().unwrap_or_default(),
        };
        let state = Some(json!([name, "ü\n"]).to_string());
        let answer = self.ask(cx, round, "colour", self.form("colour"), state).await?;
        Ok(said(format!("{name} likes {}", text(&answer["content"]["colour"]))))
    }

    async fn slow(&self, cx: &Context) -> Result<Value, ErrorData> {
        struct Counted<'s>(&'s AtomicU32);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        // Whether the call is told to stop, or dropped.
        let _counted = Counted(&self.0.cancelled);
        report(cx, 1, None).await?;
        tokio::select! {
            () = cx.ct.cancelled() => {}
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
        Err(internal("cancelled"))
    }

    /// Closes the stream of this call.
    async fn parting(&self, cx: &Context) -> Result<Value, ErrorData> {
        report(cx, 1, None).await?;
        let sessions = self.0.sessions.sessions.read().await;
        let session = session(cx).and_then(|session| sessions.get(session));
        let session = session.ok_or_else(|| internal("no session"))?;
        // The SDK does not say which stream is that of this call; it is the only one that is open.
        for stream in 0..1000 {
            let pause = Some(Duration::from_millis(50));
            if session.close_sse_stream(stream, pause).await.is_ok() {
                report(cx, 2, None).await?;
                return Ok(said("together again"));
            }
        }
        Err(internal("no stream"))
    }

    /// Makes the session unknown, as if it had expired.
    async fn forget(&self, cx: &Context) -> Result<Value, ErrorData> {
        let mut sessions = self.0.sessions.sessions.write().await;
        let session = session(cx).and_then(|session| sessions.remove(session));
        lock(&self.0.forgotten).extend(session);
        Ok(said("forgotten"))
    }

    /// Tells of a change, as the revision has it.
    async fn change(
        &self,
        name: &str,
        arguments: &Map<String, Value>,
        cx: &Context,
    ) -> Result<Value, ErrorData> {
        let (method, params) = match name {
            "add_tool" => {
                let (added, mut tools) = (&self.0.offer["addedTool"], lock(&self.0.tools));
                if !tools.contains(added) {
                    tools.push(added.clone());
                }
                ("notifications/tools/list_changed", json!({}))
            }
            "change_prompts" => ("notifications/prompts/list_changed", json!({})),
            "change_resources" => ("notifications/resources/list_changed", json!({})),
            "update_resource" => {
                let uri = text(&arguments["uri"]);
                if !is_modern(cx) && !lock(&self.0.subscribed).contains(&uri) {
                    return Ok(said("nobody wants to know"));
                }
                ("notifications/resources/updated", json!({"uri": uri}))
            }
            _ => return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None)),
        };
        if !is_modern(cx) {
            tell(cx, method, params).await?;
            return Ok(said("told"));
        }
        let listens = lock(&self.0.listens).clone();
        for listen in listens {
            let notification = of(json!({"method": method, "params": params}))?;
            // Some want to know of other things, or nothing any more.
            let _ = listen.send(notification).await;
        }
        Ok(said("told"))
    }
}

/// What the server calls the session of a request.
fn session(cx: &Context) -> Option<&str> {
    let parts = cx.extensions.get::<axum::http::request::Parts>()?;
    parts.headers.get("mcp-session-id")?.to_str().ok()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

async fn tell(cx: &Context, method: &str, params: Value) -> Result<(), ErrorData> {
    let notification = of(json!({"method": method, "params": params}))?;
    cx.peer.send_notification(notification).await.map_err(internal)
}

/// Tells how far a call is, if its client wants to know.
async fn report(cx: &Context, progress: u32, total: Option<u32>) -> Result<(), ErrorData> {
    let Some(token) = cx.meta.get_progress_token() else { return Ok(()) };
    let mut params = json!({"progressToken": token, "progress": progress, "message": format!("step {progress}")});
    if let Some(total) = total {
        params["total"] = json!(total);
    }
    tell(cx, "notifications/progress", params).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let offer: Value =
        serde_json::from_str(&std::fs::read_to_string(std::env::var("INTEROP_OFFER")?)?)?;
    let sessions = Arc::new(LocalSessionManager::default());
    let fixture = Fixture(Arc::new(Shared {
        tools: Mutex::new(offer["tools"].as_array().cloned().unwrap_or_default()),
        offer,
        level: Mutex::new("debug".into()),
        subscribed: Mutex::default(),
        cancelled: AtomicU32::new(0),
        listens: Mutex::default(),
        ended: watch::Sender::new(false),
        sessions: sessions.clone(),
        forgotten: Mutex::default(),
    }));
    let mut config = StreamableHttpServerConfig::default();
    if std::env::args().any(|word| word == "--plain") {
        config.legacy_session_mode = false;
        config.json_response = true;
    }
    let service = StreamableHttpService::new(move || Ok(fixture.clone()), sessions, config);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?;
    Ok(())
}
