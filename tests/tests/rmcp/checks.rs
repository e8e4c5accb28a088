//! What the official Rust SDK sees of the everything server, whatever is between them.

use std::sync::{Arc, Mutex};

use rmcp::{
    ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceError,
    model::{
        CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, ClientRequest,
        ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability, ErrorCode,
        ErrorData, Implementation, ProgressNotificationParam, ProtocolVersion, Request,
        ServerNotification, SubscriptionFilter,
    },
    service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService},
    transport::IntoTransport,
};
use serde_json::json;
use tokio::sync::Notify;

pub(crate) const MODERN: ProtocolVersion = ProtocolVersion::V_2026_07_28;

/// Who answers for the client, and what was told.
#[derive(Clone)]
struct Person {
    version: ProtocolVersion,
    asked: Arc<Mutex<Vec<String>>>,
    progress: Arc<Mutex<Vec<f64>>>,
    progressed: Arc<Notify>,
    tools_changed: Arc<Notify>,
}

impl Person {
    fn new(version: ProtocolVersion) -> Self {
        Self {
            version,
            asked: Arc::default(),
            progress: Arc::default(),
            progressed: Arc::default(),
            tools_changed: Arc::default(),
        }
    }
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(ElicitationCapability::default());
        let mut info = ClientConfig::new(capabilities, Implementation::new("interop", "1.0.0"));
        info.protocol_version = self.version.clone();
        info
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let ElicitRequestParams::FormElicitationParams { message, .. } = request else {
            return Err(ErrorData::invalid_params("only forms are answered", None));
        };
        self.asked.lock().unwrap().push(message);
        let content = json!({"username": "ada", "email": "ada@example.com", "name": "Ada"});
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(content))
    }

    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.progress.lock().unwrap().push(params.progress);
        self.progressed.notify_one();
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.tools_changed.notify_one();
    }
}

/// A client that is connected to a server of its own.
pub(crate) struct Session {
    client: RunningService<RoleClient, Person>,
    version: ProtocolVersion,
}

impl Session {
    pub(crate) async fn open<T, E, A>(transport: T, version: ProtocolVersion) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let mode = if version == MODERN {
            ClientLifecycleMode::Discover { preferred_versions: vec![MODERN] }
        } else {
            ClientLifecycleMode::Initialize
        };
        Self::open_with(transport, version, mode).await
    }

    /// A client that finds out what the server speaks.
    pub(crate) async fn probe<T, E, A>(transport: T) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let legacy_version = Some(ProtocolVersion::V_2025_11_25);
        let preferred_versions = vec![MODERN];
        let mode = ClientLifecycleMode::Auto { preferred_versions, legacy_version };
        Self::open_with(transport, MODERN, mode).await
    }

    async fn open_with<T, E, A>(
        transport: T,
        version: ProtocolVersion,
        mode: ClientLifecycleMode,
    ) -> Self
    where
        T: IntoTransport<RoleClient, E, A>,
        E: std::error::Error + Send + Sync + 'static,
    {
        let client = Person::new(version.clone()).serve_with_lifecycle(transport, mode).await;
        Self { client: client.expect("the client connects"), version }
    }

    async fn call(
        &self,
        name: &'static str,
        arguments: serde_json::Value,
    ) -> Result<CallToolResult, ServiceError> {
        self.client.call_tool(request(name, arguments)).await
    }

    pub(crate) async fn close(self) {
        self.client.cancel().await.expect("the connection ends in order");
    }
}

fn request(name: &'static str, arguments: serde_json::Value) -> CallToolRequestParams {
    let serde_json::Value::Object(arguments) = arguments else {
        unreachable!("arguments are an object");
    };
    CallToolRequestParams::new(name).with_arguments(arguments)
}

fn text(result: &CallToolResult) -> &str {
    result.content.first().and_then(|content| content.as_text()).map_or("", |text| &text.text)
}

fn code<T: std::fmt::Debug>(result: Result<T, ServiceError>) -> ErrorCode {
    match result {
        Err(ServiceError::McpError(error)) => error.code,
        other => panic!("no error of the server: {other:?}"),
    }
}

pub(crate) async fn the_revision_is_agreed_on(session: &Session) {
    let peer = session.client.peer_info().expect("the server said who it is");
    assert_eq!(peer.protocol_version, session.version);
    assert!(peer.capabilities.tools.is_some());
}

pub(crate) async fn everything_is_listed(session: &Session) {
    let tools = session.client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "echo"), "{tools:?}");
    let prompts = session.client.list_all_prompts().await.unwrap();
    assert!(prompts.iter().any(|prompt| prompt.name == "test_simple_prompt"), "{prompts:?}");
    let resources = session.client.list_all_resources().await.unwrap();
    assert!(resources.iter().any(|resource| resource.uri == "test://static-text"));
    let templates = session.client.list_all_resource_templates().await.unwrap();
    assert!(templates.iter().any(|found| found.uri_template == "test://template/{id}/data"));
}

pub(crate) async fn a_call_returns_what_it_was_given(session: &Session) {
    let message = "a \"quoted\" line\r\nand \u{2028} \u{1f980} \\ \0";
    let result = session.call("echo", json!({"message": message})).await.unwrap();
    assert!(text(&result).contains(message), "{result:?}");
}

pub(crate) async fn progress_arrives_and_grows(session: &Session) {
    session.call("test_tool_with_progress", json!({})).await.unwrap();
    let person = session.client.service();
    while person.progress.lock().unwrap().len() < 3 {
        person.progressed.notified().await;
    }
    let progress = person.progress.lock().unwrap().clone();
    assert!(progress.is_sorted_by(|before, after| before < after), "{progress:?}");
}

pub(crate) async fn a_person_is_asked_where_the_revision_can(session: &Session) {
    let result = session.call("test_elicitation", json!({"message": "Who are you?"})).await;
    let asked = session.client.service().asked.lock().unwrap().clone();
    if session.version.as_str() < "2025-06-18" {
        assert!(result.is_err(), "{result:?}");
        assert_eq!(asked, Vec::<String>::new());
    } else {
        assert!(!result.unwrap().content.is_empty());
        assert_eq!(asked, ["Who are you?"]);
    }
}

pub(crate) async fn errors_have_their_codes_and_end_nothing(session: &Session) {
    let unknown = session.call("no_such_tool", json!({})).await;
    assert_eq!(code(unknown), ErrorCode::INVALID_PARAMS);
    let panicked = session.call("boom", json!({})).await;
    assert_eq!(code(panicked), ErrorCode::INTERNAL_ERROR);
    let wrong = session.call("echo", json!({"message": 5})).await.unwrap();
    assert_eq!(wrong.is_error, Some(true));
    let failed = session.call("test_error_handling", json!({})).await.unwrap();
    assert_eq!(failed.is_error, Some(true));
    let right = session.call("echo", json!({"message": "still here"})).await.unwrap();
    assert!(text(&right).contains("still here"), "{right:?}");
}

pub(crate) async fn a_call_is_cancelled_and_others_go_on(session: &Session) {
    let slow = request("slow", json!({"milliseconds": 60_000}));
    let slow = ClientRequest::CallToolRequest(Request::new(slow));
    let options = PeerRequestOptions::no_options();
    let handle = session.client.send_cancellable_request(slow, options).await.unwrap();
    session.client.service().progressed.notified().await;
    handle.cancel(Some("enough".into())).await.unwrap();
    let result = session.call("echo", json!({"message": "after"})).await.unwrap();
    assert!(text(&result).contains("after"), "{result:?}");
}

pub(crate) async fn a_new_tool_is_announced_and_served(session: &Session) {
    let mut listening = if session.version == MODERN {
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        Some(session.client.listen(filter).await.unwrap())
    } else {
        None
    };
    session.call("add_tool", json!({"name": "added_now"})).await.unwrap();
    match &mut listening {
        Some(subscription) => {
            let note = subscription.next().await.unwrap();
            assert!(
                matches!(note, Some(ServerNotification::ToolListChangedNotification(_))),
                "{note:?}"
            );
            subscription.cancel().await.unwrap();
        }
        None => session.client.service().tools_changed.notified().await,
    }
    session.call("added_now", json!({})).await.unwrap();
}
