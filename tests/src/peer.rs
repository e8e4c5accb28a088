//! The client's side of a server in memory, in one revision.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mcp_proto::{Version, server::ServerConfig, testing::MemoryServer};
use serde_json::{Value, json};

use crate::everything::{self, State};

/// A client of the everything server that speaks one revision: it opens the session where there
/// is one, and puts what each request must carry into `_meta` where there is none.
#[derive(Debug)]
pub struct Peer {
    /// The server.
    pub wire: MemoryServer<State>,
    /// What the server said of itself: the result of `initialize` or `server/discover`.
    pub server: Value,
    version: Version,
    capabilities: Value,
    next_id: u64,
}

impl Peer {
    /// A client that can do everything, ready to send requests.
    pub fn new(version: Version) -> Self {
        Self::with(
            version,
            json!({
                "roots": {"listChanged": true},
                "sampling": {"tools": {}, "context": {}},
                "elicitation": {"form": {}, "url": {}},
            }),
        )
    }

    /// A client that declares `capabilities`, ready to send requests.
    pub fn with(version: Version, capabilities: Value) -> Self {
        Self::to(everything::config(), version, capabilities)
    }

    /// A client of a server that was told something else than the default.
    pub fn to(config: ServerConfig, version: Version, capabilities: Value) -> Self {
        Self::over(
            MemoryServer::new(config, everything::router(), State::default()),
            version,
            capabilities,
        )
    }

    /// A client at the end of this wire.
    pub fn over(wire: MemoryServer<State>, version: Version, capabilities: Value) -> Self {
        let wire = catching(wire);
        let mut peer = Self { wire, server: Value::Null, version, capabilities, next_id: 1 };
        peer.open();
        peer
    }

    fn open(&mut self) {
        let opened = if self.version.rules().handshake {
            let opened = self.initialize();
            assert_eq!(opened[0]["result"]["protocolVersion"], self.version.as_str());
            assert_eq!(self.notify("notifications/initialized", json!({})), Vec::<Value>::new());
            opened
        } else {
            self.request("server/discover", json!({}))
        };
        self.server = opened[0]["result"].clone();
    }

    /// Sends `initialize`, and returns what comes back.
    pub fn initialize(&mut self) -> Vec<Value> {
        let params = json!({
            "protocolVersion": self.version.as_str(),
            "capabilities": self.capabilities,
            "clientInfo": {"name": "peer", "version": "1"},
        });
        self.request("initialize", params)
    }

    /// Sends a request with the next id, and returns what comes back, in order.
    pub fn request(&mut self, method: &str, params: Value) -> Vec<Value> {
        let message = self.message(method, params);
        self.send(&message)
    }

    /// A request with the next id, and with what each request of the revision carries.
    pub fn message(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": self.params(params)})
    }

    /// Calls a tool, and returns what comes back, in order.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Vec<Value> {
        let mut params = json!({"name": tool});
        params["arguments"] = arguments;
        self.request("tools/call", params)
    }

    /// Sends a notification, and returns what comes back, in order.
    pub fn notify(&mut self, method: &str, params: Value) -> Vec<Value> {
        let params = self.params(params);
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
    }

    /// Answers a request of the server's, and returns what comes back, in order.
    pub fn respond(&mut self, request: &Value, result: Value) -> Vec<Value> {
        let mut response = json!({"jsonrpc": "2.0", "id": request["id"]});
        response["result"] = result;
        self.send(&response)
    }

    /// Sends a message, and returns what comes back, in order.
    ///
    /// # Panics
    ///
    /// If the server writes a line that is no JSON.
    pub fn send(&mut self, message: &Value) -> Vec<Value> {
        let lines = self.wire.send(&message.to_string());
        lines.iter().map(|line| serde_json::from_str(line).expect("lines are JSON")).collect()
    }

    /// `params` with what each message of 2026-07-28 carries.
    fn params(&self, mut params: Value) -> Value {
        if self.version.rules().handshake {
            return params;
        }
        let mut meta = json!({
            "io.modelcontextprotocol/protocolVersion": self.version.as_str(),
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            "io.modelcontextprotocol/clientInfo": {"name": "peer", "version": "1"},
        });
        if let (Value::Object(meta), Value::Object(own)) = (&mut meta, params["_meta"].take()) {
            meta.extend(own);
        }
        params["_meta"] = meta;
        params
    }
}

/// Answers handlers that panic, as adapters do.
pub(crate) fn catching<S: 'static>(server: MemoryServer<S>) -> MemoryServer<S> {
    server.guarded(|handler| catch_unwind(AssertUnwindSafe(handler)).is_ok())
}
