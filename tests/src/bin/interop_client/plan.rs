//! What is done with a server, and what must come of it: `tests/interop/plans.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What is done with one server.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Plan {
    /// The end of the server's name.
    pub(crate) server: String,
    /// A part of its instructions.
    pub(crate) instructions: String,
    /// The tools, in the order in which they are called; one may be called more than once.
    pub(crate) tools: Vec<ToolPlan>,
    pub(crate) prompts: Vec<PromptPlan>,
    pub(crate) templates: Vec<TemplatePlan>,
    pub(crate) asking: Option<Asking>,
    /// What the server declares, or should do, and nobody can make it do, with the reason.
    #[serde(default)]
    pub(crate) skips: BTreeMap<String, String>,
    /// The same over HTTP alone.
    #[serde(default)]
    pub(crate) http_skips: BTreeMap<String, String>,
}

/// How a tool is called; each member but the first four is a check.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ToolPlan {
    pub(crate) name: String,
    pub(crate) arguments: Option<Value>,
    /// The first revision in which it can be called.
    #[serde(default)]
    pub(crate) since: String,
    /// The last revision in which it can be called.
    pub(crate) until: Option<String>,
    /// The whole text of its result.
    pub(crate) text: Option<String>,
    /// A part of its result.
    pub(crate) contains: Option<String>,
    /// The kinds of content that its result has, and no others.
    pub(crate) kinds: Option<Vec<String>>,
    /// The members of its structured content.
    pub(crate) structured: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) is_error: bool,
    /// The code of the error that it is refused with.
    pub(crate) refused: Option<i64>,
    /// The questions that it asks, in order; `anything` where that depends.
    #[serde(default)]
    pub(crate) asks: Vec<String>,
    /// Whether it tells that a URL elicitation is complete (2025-11-25).
    #[serde(default)]
    pub(crate) completed: bool,
    /// The progress that it makes.
    pub(crate) progress: Option<Vec<f64>>,
    /// The levels at which it logs; any where there are none.
    pub(crate) logs: Option<Vec<String>>,
    /// The list that it changes.
    pub(crate) changes: Option<String>,
    /// The tool that there is afterwards.
    pub(crate) adds: Option<String>,
    /// The resource that it changes.
    pub(crate) updates: Option<String>,
    /// The call is cancelled once it is at work; the tool that counts such calls, or nothing where
    /// the server goes on regardless.
    pub(crate) cancel: Option<String>,
    /// It ends all subscriptions.
    #[serde(default)]
    pub(crate) ends: bool,
    /// It can be called over HTTP alone.
    #[serde(default)]
    pub(crate) http: bool,
    /// It makes the server forget the session.
    #[serde(default)]
    pub(crate) forgets: bool,
    /// It is called as a task (2025-11-25).
    #[serde(default)]
    pub(crate) task: bool,
    /// It is called once more, to stop what it has begun.
    #[serde(default)]
    pub(crate) again: bool,
}

impl ToolPlan {
    /// Why it cannot be called in a revision, over HTTP or over pipes.
    pub(crate) fn unfit(&self, version: &str, http: bool) -> Option<String> {
        let late = self.until.as_deref().is_some_and(|until| version > until);
        if version < self.since.as_str() {
            Some(format!("needs {}", self.since))
        } else if late {
            Some(format!("{version} has no such thing"))
        } else if self.http && !http {
            Some("needs HTTP".into())
        } else {
            None
        }
    }

    pub(crate) fn arguments(&self) -> Value {
        self.arguments.clone().unwrap_or_else(|| serde_json::json!({}))
    }
}

/// What is no tool and asks for a name with a form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asking {
    pub(crate) prompt: String,
    /// Its URI.
    pub(crate) resource: String,
    /// The first revision in which there are forms.
    pub(crate) since: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptPlan {
    pub(crate) name: String,
    pub(crate) arguments: Option<Value>,
    pub(crate) contains: String,
    /// What completes each argument: a beginning, then what it may become.
    #[serde(default)]
    pub(crate) completes: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TemplatePlan {
    pub(crate) uri_template: String,
    /// The template with its variables filled in.
    pub(crate) uri: String,
    pub(crate) contains: String,
    pub(crate) completes: BTreeMap<String, Vec<String>>,
}
