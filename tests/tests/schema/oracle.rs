//! The types of `rust-mcp-schema`, asked what they make of a message.

use mcp_proto::Version;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads a value as a type, writes it again, and gives what came out.
type Reading = fn(&Value) -> Result<Value, String>;

const INPUT_REQUIRED: &str = "input_required";

/// What a piece of a message is.
#[derive(Clone, Copy)]
enum Part {
    Request,
    Notification,
    Result,
    Error,
}

/// Whether the other types of the revision read a message and write it as the same value.
/// `answers` is the method of the request that it answers, if it is a response.
pub(crate) fn agree(version: Version, answers: Option<&str>, text: &str) -> Result<(), String> {
    let mut message: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if version < Version::V2025_11_25 && message["error"].is_object() && message["id"].is_null() {
        // JSON-RPC wants null where an id could not be read, and has no other value for it. The
        // schemas of these revisions have forgotten it.
        message["id"] = 0.into();
    }
    let method = message["method"].as_str();
    let (part, name, value) = match method {
        Some(method) if message["id"].is_null() => (Part::Notification, method, &message),
        Some(method) => (Part::Request, method, &message),
        None if message["error"].is_object() => (Part::Error, "", &message),
        None => {
            let result = &message["result"];
            let asks = result["resultType"] == INPUT_REQUIRED;
            let name = if asks { INPUT_REQUIRED } else { answers.unwrap_or("ping") };
            (Part::Result, name, result)
        }
    };
    // A method of the application's own has no type of its own.
    let Some(reading) = reading(version, part, name) else { return Ok(()) };
    let again = reading(value).map_err(|why| format!("{name}: {why}: {value}"))?;
    let mut differences = Vec::new();
    compare("", value, &again, &mut differences);
    differences.retain(|path| !is_excused(version, part, path));
    let same = differences.is_empty();
    if same { Ok(()) } else { Err(format!("{name}: {} differ", differences.join(", "))) }
}

/// The places where values differ.
fn compare(path: &str, one: &Value, other: &Value, differences: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                let path = format!("{path}/{key}");
                match other.get(key) {
                    Some(other) => compare(&path, value, other, differences),
                    None => differences.push(path),
                }
            }
            let added = other.keys().filter(|key| !one.contains_key(*key));
            differences.extend(added.map(|key| format!("{path}/{key}")));
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                compare(&format!("{path}/*"), one, other, differences);
            }
        }
        // `50` and `50.0` are one number.
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if one == other => {}
        _ => differences.push(path.into()),
    }
}

fn same<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Value, String> {
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(read).map_err(|error| error.to_string())
}

fn reading(version: Version, part: Part, name: &str) -> Option<Reading> {
    match version {
        Version::V2026_07_28 if name == INPUT_REQUIRED => {
            Some(same::<schema_2026_07_28::mcp_2026_07_28::InputRequiredResult>)
        }
        Version::V2024_11_05 => of_2024_11_05(part, name),
        Version::V2025_03_26 => of_2025_03_26(part, name),
        Version::V2025_06_18 => of_2025_06_18(part, name),
        Version::V2025_11_25 => of_2025_11_25(part, name),
        Version::V2026_07_28 => of_2026_07_28(part, name),
    }
}

/// Whether a difference is the other types' own: the schema of the revision allows what is lost.
fn is_excused(version: Version, part: Part, path: &str) -> bool {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match (part, &words[..]) {
        // Those of before 2026-07-28 leave the envelope out.
        (Part::Request | Part::Notification, ["jsonrpc" | "id"]) => true,
        // A schema may have any keyword, and capabilities other members; those of before
        // 2026-07-28 have a few.
        (_, ["tools", "*", "inputSchema", _] | ["capabilities" | "params", .., "extensions"]) => {
            version < Version::V2026_07_28
        }
        // The parameters of any request may have `_meta`; the types of what servers ask for have
        // none before 2025-11-25.
        (Part::Request, ["params", "_meta"]) => version < Version::V2025_11_25,
        // A choice is read as a plain string, which is the first of the alternatives.
        (_, [.., "requestedSchema", "properties", _, keyword]) => {
            matches!(*keyword, "enum" | "enumNames" | "oneOf")
        }
        _ => false,
    }
}

/// Which type a piece has in a revision.
macro_rules! types {
    (
        $name:ident, $($module:ident)::+, $error:ident,
        $($method:literal: $request:ident => $result:ident,)*
        notifications: $($notice:literal: $notification:ident,)*
    ) => {
        fn $name(part: Part, name: &str) -> Option<Reading> {
            use $($module)::+ as types;
            Some(match (part, name) {
                $((Part::Request, $method) => same::<types::$request>,)*
                $((Part::Result, $method) => same::<types::$result>,)*
                $((Part::Notification, $notice) => same::<types::$notification>,)*
                (Part::Error, _) => same::<types::$error>,
                _ => return None,
            })
        }
    };
}

/// What a revision with a session has: what all of them have, and what is its own.
macro_rules! session_types {
    (
        $name:ident, $($module:ident)::+, $error:ident,
        $($method:literal: $request:ident => $result:ident,)*
        notifications: $($notice:literal: $notification:ident,)*
    ) => {
        types! {
            $name, $($module)::+, $error,
            "initialize": InitializeRequest => InitializeResult,
            "ping": PingRequest => Result,
            "logging/setLevel": SetLevelRequest => Result,
            "tools/list": ListToolsRequest => ListToolsResult,
            "tools/call": CallToolRequest => CallToolResult,
            "prompts/list": ListPromptsRequest => ListPromptsResult,
            "prompts/get": GetPromptRequest => GetPromptResult,
            "resources/list": ListResourcesRequest => ListResourcesResult,
            "resources/templates/list":
                ListResourceTemplatesRequest => ListResourceTemplatesResult,
            "resources/read": ReadResourceRequest => ReadResourceResult,
            "resources/subscribe": SubscribeRequest => Result,
            "resources/unsubscribe": UnsubscribeRequest => Result,
            "completion/complete": CompleteRequest => CompleteResult,
            "sampling/createMessage": CreateMessageRequest => CreateMessageResult,
            "roots/list": ListRootsRequest => ListRootsResult,
            $($method: $request => $result,)*
            notifications:
            "notifications/initialized": InitializedNotification,
            "notifications/cancelled": CancelledNotification,
            "notifications/progress": ProgressNotification,
            "notifications/message": LoggingMessageNotification,
            "notifications/tools/list_changed": ToolListChangedNotification,
            "notifications/prompts/list_changed": PromptListChangedNotification,
            "notifications/resources/list_changed": ResourceListChangedNotification,
            "notifications/resources/updated": ResourceUpdatedNotification,
            "notifications/roots/list_changed": RootsListChangedNotification,
            $($notice: $notification,)*
        }
    };
}

session_types! {
    of_2024_11_05, schema_2024_11_05::mcp_2024_11_05, JsonrpcError,
    notifications:
}

session_types! {
    of_2025_03_26, schema_2025_03_26::mcp_2025_03_26, JsonrpcError,
    notifications:
}

session_types! {
    of_2025_06_18, schema_2025_06_18::mcp_2025_06_18, JsonrpcError,
    "elicitation/create": ElicitRequest => ElicitResult,
    notifications:
}

session_types! {
    of_2025_11_25, schema_2025_11_25::mcp_2025_11_25, JsonrpcErrorResponse,
    "elicitation/create": ElicitRequest => ElicitResult,
    notifications:
    "notifications/elicitation/complete": ElicitationCompleteNotification,
}

types! {
    of_2026_07_28, schema_2026_07_28::mcp_2026_07_28, JsonrpcErrorResponse,
    "tools/list": ListToolsRequest => ListToolsResult,
    "tools/call": CallToolRequest => CallToolResult,
    "prompts/list": ListPromptsRequest => ListPromptsResult,
    "prompts/get": GetPromptRequest => GetPromptResult,
    "resources/list": ListResourcesRequest => ListResourcesResult,
    "resources/templates/list": ListResourceTemplatesRequest => ListResourceTemplatesResult,
    "resources/read": ReadResourceRequest => ReadResourceResult,
    "completion/complete": CompleteRequest => CompleteResult,
    "sampling/createMessage": CreateMessageRequest => CreateMessageResult,
    "roots/list": ListRootsRequest => ListRootsResult,
    "server/discover": DiscoverRequest => DiscoverResult,
    "subscriptions/listen": SubscriptionsListenRequest => SubscriptionsListenResult,
    "elicitation/create": ElicitRequest => ElicitResult,
    notifications:
    "notifications/cancelled": CancelledNotification,
    "notifications/progress": ProgressNotification,
    "notifications/message": LoggingMessageNotification,
    "notifications/tools/list_changed": ToolListChangedNotification,
    "notifications/prompts/list_changed": PromptListChangedNotification,
    "notifications/resources/list_changed": ResourceListChangedNotification,
    "notifications/resources/updated": ResourceUpdatedNotification,
    "notifications/subscriptions/acknowledged": SubscriptionsAcknowledgedNotification,
}
