//! What an application does with a client.

use std::{borrow::Cow, fmt, sync::Arc};

use mcp_proto::{
    client::{Agreement, CallOptions, Listening},
    schema::Level,
    wire::Json,
};
use serde::{Deserialize, Serialize};

use super::{
    call::Call,
    error::{End, Error},
    events::Events,
    shared::{Command, Shared},
};

/// A client of one server. Clones are the same client; any thread may use it.
///
/// The last one to be dropped [closes](Client::close) it.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    agreement: Arc<Agreement>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.command(Command::Close);
        self.shared.wait_done();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("agreement", self.agreement()).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, agreement: Arc<Agreement>) -> Self {
        Self { inner: Arc::new(Inner { shared, agreement }) }
    }

    /// What both sides agreed on: the revision, and what the server says of itself.
    pub fn agreement(&self) -> &Agreement {
        &self.inner.agreement
    }

    /// Calls a tool and waits for its result. `arguments` is an object. That the tool failed is a
    /// result too: see [`ToolOutcome::is_error`].
    pub fn call_tool(
        &self,
        name: &str,
        arguments: &(impl Serialize + ?Sized),
    ) -> Result<ToolOutcome, Error> {
        let call = self.begin_tool(name, arguments, CallOptions::default())?;
        call.wait().map(ToolOutcome)
    }

    /// Calls a tool and does not wait; wrap what [`Call::wait`] returns in a [`ToolOutcome`].
    pub fn begin_tool(
        &self,
        name: &str,
        arguments: &(impl Serialize + ?Sized),
        options: CallOptions,
    ) -> Result<Call, Error> {
        self.begin("tools/call", &Named { name, arguments }, options)
    }

    /// The tools of all pages, each an object as the protocol writes it.
    pub fn list_tools(&self) -> Result<Vec<Json>, Error> {
        self.list("tools/list")
    }

    /// The prompts of all pages, each an object as the protocol writes it.
    pub fn list_prompts(&self) -> Result<Vec<Json>, Error> {
        self.list("prompts/list")
    }

    /// The resources of all pages, each an object as the protocol writes it.
    pub fn list_resources(&self) -> Result<Vec<Json>, Error> {
        self.list("resources/list")
    }

    /// The templates of resources of all pages, each an object as the protocol writes it.
    pub fn list_resource_templates(&self) -> Result<Vec<Json>, Error> {
        self.list("resources/templates/list")
    }

    /// Reads a resource: the result of `resources/read`.
    pub fn read_resource(&self, uri: &str) -> Result<Json, Error> {
        #[derive(Serialize)]
        struct Params<'a> {
            uri: &'a str,
        }
        self.call("resources/read", &Params { uri }, CallOptions::default())
    }

    /// Gets a prompt: the result of `prompts/get`. `arguments` is an object of texts.
    pub fn get_prompt(
        &self,
        name: &str,
        arguments: &(impl Serialize + ?Sized),
    ) -> Result<Json, Error> {
        self.call("prompts/get", &Named { name, arguments }, CallOptions::default())
    }

    /// Asks how an argument may go on: the result of `completion/complete`. `reference` is the
    /// prompt or template as the protocol writes it, such as
    /// `{"type":"ref/prompt","name":"greet"}`.
    pub fn complete(
        &self,
        reference: &(impl Serialize + ?Sized),
        argument: &str,
        value: &str,
    ) -> Result<Json, Error> {
        #[derive(Serialize)]
        struct Params<'a, R: ?Sized> {
            #[serde(rename = "ref")]
            reference: &'a R,
            argument: Argument<'a>,
        }
        #[derive(Serialize)]
        struct Argument<'a> {
            name: &'a str,
            value: &'a str,
        }
        let params = Params { reference, argument: Argument { name: argument, value } };
        self.call("completion/complete", &params, CallOptions::default())
    }

    /// Asks the server for a sign of life. Servers of 2026-07-28 know no `ping` and refuse it,
    /// which is one too.
    pub fn ping(&self) -> Result<(), Error> {
        match self.call("ping", &Nothing {}, CallOptions::default()) {
            Ok(_) | Err(Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// From which level on to hear log messages. A session is told; in 2026-07-28 every call says
    /// so from now on whose options do not say otherwise.
    pub fn set_level(&self, level: Level) -> Result<(), Error> {
        self.start(|slot| Command::SetLevel { level, slot }).wait().map(drop)
    }

    /// Wants to be told of changes. The `Listening` [event](Client::events) says what is granted,
    /// and changes are events too. The subscription lasts until it is [cancelled](Call::cancel)
    /// or the server ends it.
    pub fn listen(&self, wish: Listening) -> Call {
        self.start(|slot| Command::Listen { wish, slot })
    }

    /// Calls any method and waits for the result. `params` is an object.
    pub fn call(
        &self,
        method: &str,
        params: &(impl Serialize + ?Sized),
        options: CallOptions,
    ) -> Result<Json, Error> {
        self.begin(method, params, options)?.wait()
    }

    /// Calls any method and does not wait.
    pub fn begin(
        &self,
        method: &str,
        params: &(impl Serialize + ?Sized),
        options: CallOptions,
    ) -> Result<Call, Error> {
        let params = Json::of(params).map_err(Error::Arguments)?;
        Ok(self.start(|slot| Command::Call { method: method.into(), params, options, slot }))
    }

    /// Sends a notification. Nobody hears whether it arrived. `params` is an object.
    pub fn notify(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let params = Json::of(params).map_err(Error::Arguments)?;
        self.inner.shared.command(Command::Notify { method: method.into(), params });
        Ok(())
    }

    /// What the server tells that is no answer.
    pub fn events(&self) -> Events {
        Events { shared: self.inner.shared.clone() }
    }

    /// How many events were dropped because nobody looked at them; see [`Events`].
    pub fn dropped_events(&self) -> u64 {
        self.inner.shared.events.dropped()
    }

    /// Ends the connection and returns how it ended: every call that waits gets [`Error::Lost`].
    ///
    /// A server that was spawned gets the end of its input; if it has not exited after the
    /// [grace](super::Connector::grace), its process group gets SIGTERM, and SIGKILL after another.
    /// What is then left of its group is killed as well. A server that does not read is no reason
    /// to wait longer.
    pub fn close(&self) -> Arc<End> {
        self.inner.shared.command(Command::Close);
        self.inner.shared.wait_done()
    }

    fn list(&self, method: &str) -> Result<Vec<Json>, Error> {
        let options = CallOptions { all_pages: true, ..CallOptions::default() };
        let list = self.call(method, &Nothing {}, options)?;
        let malformed = |_| Error::Violation(mcp_proto::client::Violation::Malformed);
        let members: std::collections::BTreeMap<String, Vec<Json>> =
            list.parse().map_err(malformed)?;
        Ok(members.into_values().next().unwrap_or_default())
    }

    fn start(&self, command: impl FnOnce(Arc<super::call::Slot>) -> Command) -> Call {
        let call = Call { slot: Arc::default(), shared: self.inner.shared.clone() };
        self.inner.shared.command(command(call.slot.clone()));
        call
    }
}

#[derive(Serialize)]
struct Named<'a, A: ?Sized> {
    name: &'a str,
    arguments: &'a A,
}

#[derive(Serialize)]
struct Nothing {}

/// The result of a tool, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOutcome(pub Json);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolFields<'a> {
    #[serde(default)]
    is_error: bool,
    #[serde(default, borrow)]
    content: Vec<Part<'a>>,
    structured_content: Option<Json>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    text: Option<String>,
}

impl ToolOutcome {
    /// Whether the tool failed, in the words of its content. A result that cannot be read is a
    /// failure too.
    pub fn is_error(&self) -> bool {
        self.fields().is_none_or(|fields| fields.is_error)
    }

    /// The texts among its content, with a line break between them.
    pub fn text(&self) -> String {
        let parts = self.fields().map(|fields| fields.content).unwrap_or_default();
        let texts = parts.into_iter().filter(|part| part.kind == "text");
        let mut texts = texts.filter_map(|part| part.text);
        let mut said = texts.next().unwrap_or_default();
        for text in texts {
            said.push('\n');
            said.push_str(&text);
        }
        said
    }

    /// Its structured content.
    pub fn structured(&self) -> Option<Json> {
        self.fields()?.structured_content
    }

    fn fields(&self) -> Option<ToolFields<'_>> {
        self.0.parse().ok()
    }
}
