//! What is offered, as the machine needs to know it.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    string::String,
    sync::Arc,
};

use super::Router;
use crate::{
    schema::{
        InvalidExtensionId, ListCapability, MirroredParams, ResourcesCapability,
        ServerCapabilities, extension_id,
    },
    server::{CacheHint, Offer},
    wire::Json,
};

/// What is declared besides what follows from what is registered.
#[derive(Debug)]
pub(super) struct Declared {
    instructions: Option<String>,
    logging: bool,
    extensions: BTreeMap<Box<str>, Json>,
    experimental: BTreeMap<Box<str>, Json>,
    pub(super) lists_cache: Option<CacheHint>,
    /// Whether the offer is another one than the one taken last.
    pub(super) changed: bool,
}

impl Declared {
    pub(super) const fn new() -> Self {
        Self {
            instructions: None,
            logging: true,
            extensions: BTreeMap::new(),
            experimental: BTreeMap::new(),
            lists_cache: None,
            changed: true,
        }
    }
}

/// What is declared.
impl<S: 'static> Router<S> {
    /// How to use the server, for a model.
    pub fn instructions(&mut self, text: impl Into<String>) -> &mut Self {
        self.declared.instructions = Some(text.into());
        self.declared.changed = true;
        self
    }

    /// For how long and for whom lists may be cached.
    ///
    /// Default: as [`ServerConfig::cache`](crate::server::ServerConfig::cache) says.
    pub fn cache_lists(&mut self, hint: CacheHint) -> &mut Self {
        self.declared.lists_cache = Some(hint);
        self
    }

    /// Declares that the server logs. (On by default.)
    pub fn logging(&mut self, on: bool) -> &mut Self {
        self.declared.logging = on;
        self.declared.changed = true;
        self
    }

    /// Declares an extension and its settings (a JSON object). Refuses what is no
    /// [`extension_id`].
    pub fn extension(&mut self, id: &str, settings: Json) -> Result<&mut Self, InvalidExtensionId> {
        self.declared.extensions.insert(extension_id(id)?.into(), settings);
        self.declared.changed = true;
        Ok(self)
    }

    /// Declares an experimental capability and its settings (a JSON object).
    pub fn experimental(&mut self, name: &str, settings: Json) -> &mut Self {
        self.declared.experimental.insert(name.into(), settings);
        self.declared.changed = true;
        self
    }

    /// What is offered now, if that is another offer than the one returned last.
    pub fn take_offer(&mut self) -> Option<Arc<Offer>> {
        core::mem::take(&mut self.declared.changed).then(|| Arc::new(self.offer()))
    }

    /// The tools that take scopes to be called.
    fn tool_scopes(&self) -> BTreeMap<Box<str>, BTreeSet<Box<str>>> {
        let tools = self.tools.entries().after(None).map(|(_, entry)| &entry.tool);
        tools
            .filter(|tool| !tool.required_scopes().is_empty())
            .map(|tool| (tool.name().into(), tool.required_scopes().clone()))
            .collect()
    }

    /// The tools with arguments that header fields mirror.
    fn mirrored_params(&self) -> BTreeMap<Box<str>, MirroredParams> {
        let tools = self.tools.entries().after(None).map(|(_, entry)| entry);
        tools
            .filter(|entry| !entry.mirrored.is_empty())
            .map(|entry| (entry.tool.name().into(), entry.mirrored.clone()))
            .collect()
    }

    fn offer(&self) -> Offer {
        let tools_revision = self.tools.entries().revision();
        let prompts_revision = self.prompts.entries().revision();
        let resources_revision =
            self.resources.entries().revision() + self.templates.entries().revision();
        // Declared for good once there was something, so that it is known when it comes back.
        let list = |revision: u64| (revision > 0).then_some(ListCapability { list_changed: true });
        let capabilities = ServerCapabilities {
            logging: self.declared.logging,
            completions: self.completer.is_some(),
            prompts: list(prompts_revision),
            resources: (resources_revision > 0)
                .then_some(ResourcesCapability { subscribe: true, list_changed: true }),
            tools: list(tools_revision),
            extensions: self.declared.extensions.clone(),
            experimental: self.declared.experimental.clone(),
        };
        Offer {
            capabilities,
            instructions: self.declared.instructions.clone(),
            methods: self.methods.keys().cloned().collect(),
            tool_scopes: self.tool_scopes(),
            mirrored_params: self.mirrored_params(),
            tools_revision,
            prompts_revision,
            resources_revision,
        }
    }
}
