//! Prompts, resources, logs, and what a server refuses.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use mcp_proto::{
    client::{CallOptions, Delivery},
    code,
    http::HttpNotice,
    schema::Level,
    wire::Json,
};
use mcp_stdio::client::{Call, Error, ToolOutcome};
use serde_json::{Value, json};

use crate::{
    report::skip,
    session::{DEADLINE, Session, value},
};

impl Session {
    /// Logs below the level that is wanted do not come.
    pub(crate) fn logs(&mut self) {
        let Some(at) = self
            .plan
            .tools
            .iter()
            .position(|tool| tool.logs.as_ref().is_some_and(|levels| levels.len() > 1))
        else {
            return;
        };
        let tool = &self.plan.tools[at];
        let (name, levels) = (tool.name.clone(), tool.logs.clone().unwrap_or_default());
        for (level, from) in [(Level::Warning, 1), (Level::Emergency, levels.len())] {
            let mark = self.mark();
            let set = self.client.set_level(level);
            let outcome = self.client.call_tool(&name, &json!({}));
            let heard = self.levels(mark, &levels[from..]);
            let right = set.is_ok() && outcome.is_ok() && heard == levels[from..];
            self.report.check(&format!("nothing below {level} is logged"), right, heard);
        }
    }

    pub(crate) fn prompts(&mut self) {
        let listed = self.client.list_prompts();
        let plans = std::mem::take(&mut self.plan.prompts);
        let planned = plans.iter().map(|plan| plan.name.clone()).collect();
        self.listed("prompts", "name", listed, &planned);
        for plan in &plans {
            let arguments = plan.arguments.clone().unwrap_or_else(|| json!({}));
            let prompt = self.client.get_prompt(&plan.name, &arguments);
            self.has_text(&format!("the prompt {}", plan.name), prompt, &plan.contains);
            let reference = json!({"type": "ref/prompt", "name": plan.name});
            self.completions(&plan.name, &reference, &plan.completes);
        }
        let missing = self.client.get_prompt("no such prompt", &json!({}));
        let refused = matches!(missing, Err(Error::Refused(_)));
        self.report.check("a prompt that is not there is refused", refused, missing);
        self.has_used("prompts");
    }

    /// Every resource is read.
    pub(crate) fn resources(&mut self) {
        let listed = self.client.list_resources();
        let uris: BTreeSet<String> = names("uri", listed.as_deref().unwrap_or_default());
        self.report.check("the resources are listed", uris.len() > 1, listed);
        for uri in &uris {
            let read = self.client.read_resource(uri).map(|json| value(&json));
            let well = read.as_ref().is_ok_and(|read| {
                let content = &read["contents"][0];
                content["uri"] == **uri
                    && (content["text"].is_string() || content["blob"].is_string())
            });
            self.report.check(&format!("{uri} is read"), well, read);
        }
        let missing = self.client.read_resource("test://nothing/at/all");
        let codes = [code::INVALID_PARAMS, code::RESOURCE_NOT_FOUND];
        let refused = matches!(&missing, Err(Error::Refused(error)) if codes.contains(&error.code));
        self.report.check("a resource that is not there is refused", refused, missing);
        self.has_used("resources");
    }

    pub(crate) fn templates(&mut self) {
        let listed = self.client.list_resource_templates();
        let plans = std::mem::take(&mut self.plan.templates);
        let planned = plans.iter().map(|plan| plan.uri_template.clone()).collect();
        self.listed("templates", "uriTemplate", listed, &planned);
        for plan in &plans {
            let read = self.client.read_resource(&plan.uri);
            self.has_text(&plan.uri, read, &plan.contains);
            let reference = json!({"type": "ref/resource", "uri": plan.uri_template});
            self.completions(&plan.uri_template, &reference, &plan.completes);
        }
    }

    /// A prompt and a resource ask, as tools do.
    pub(crate) fn asking(&mut self) {
        let Some(asking) = self.plan.asking.take() else { return };
        let asks = self.version >= asking.since;
        let (expected, name) = if asks { (vec!["form"], "Ada") } else { (vec![], "nobody") };
        for kind in ["prompt", "resource"] {
            let _ = self.person.asked();
            let result = match kind {
                "prompt" => self.client.get_prompt(&asking.prompt, &json!({})),
                _ => self.client.read_resource(&asking.resource),
            };
            let asked = self.person.asked();
            self.report.check(&format!("a {kind} asks {expected:?}"), asked == expected, asked);
            self.has_text(&format!("a {kind} that asks"), result, name);
        }
    }

    /// A list has what is planned and no more, so that everything is used.
    fn listed(
        &mut self,
        what: &str,
        key: &str,
        listed: Result<Vec<Json>, Error>,
        planned: &BTreeSet<String>,
    ) {
        let found = names(key, listed.as_deref().unwrap_or_default());
        self.report.check(&format!("the {what} are listed"), found == *planned, listed);
    }

    fn has_text(&mut self, name: &str, result: Result<Json, Error>, part: &str) {
        let there = result.as_ref().is_ok_and(|result| result.as_str().contains(part));
        self.report.check(&format!("{name} is got"), there, result);
    }

    fn completions(
        &mut self,
        name: &str,
        reference: &Value,
        expected: &BTreeMap<String, Vec<String>>,
    ) {
        for (argument, words) in expected {
            let Some((beginning, ends)) = words.split_first() else { continue };
            let completed = self.client.complete(reference, argument, beginning);
            let right = completed
                .as_ref()
                .is_ok_and(|result| value(result)["completion"]["values"] == json!(ends));
            self.report.check(&format!("{argument} of {name} is completed"), right, completed);
            self.has_used("completions");
        }
    }

    /// What the server does not have.
    pub(crate) fn refusals(&mut self) {
        let method = self.call("no/such/method", &json!({}));
        let refused =
            matches!(&method, Err(Error::Refused(error)) if error.code == code::METHOD_NOT_FOUND);
        self.report.check("an unknown method is refused", refused, method);
        // Some servers say so in the words of a result.
        let tool = self.client.call_tool("no such tool", &json!({}));
        let refused = match &tool {
            Ok(outcome) => outcome.is_error(),
            Err(error) => matches!(error, Error::Refused(_)),
        };
        self.report.check("an unknown tool is refused", refused, tool);
    }

    /// Calls at once, each with an answer of its own; the first is a megabyte.
    pub(crate) fn crowd(&mut self) {
        let texts: Vec<String> =
            (0..50).map(|n| if n == 0 { "x".repeat(1 << 20) } else { n.to_string() }).collect();
        let begin = |text: &String| {
            self.client.begin_tool("echo", &json!({"message": text}), CallOptions::default())
        };
        let calls: Vec<_> = texts.iter().map(begin).collect();
        let own = calls.into_iter().zip(&texts).filter(|(call, text)| {
            let outcome = call.as_ref().map_err(Clone::clone).and_then(Call::wait);
            outcome.is_ok_and(|result| ToolOutcome(result).text().ends_with(text.as_str()))
        });
        let own = own.count();
        self.report.check("each of fifty calls at once has its own answer", own == 50, own);
    }

    pub(crate) fn ping(&mut self) {
        let alive = self.client.ping();
        self.report.check("the server is alive", alive.is_ok(), alive);
        let told = self.client.notify("notifications/roots/list_changed", &json!({}));
        let again = self.client.ping();
        self.report.check("a notification disturbs nothing", told.is_ok() && again.is_ok(), again);
        if let Some(listen) = self.listen.take() {
            self.unsubscribe(&listen);
        }
    }

    /// A session that the server does not know any more is begun anew; what was refused because of
    /// that has certainly not happened.
    pub(crate) fn forgotten(&mut self) {
        let Some(plan) = self.plan.tools.iter().find(|plan| plan.forgets) else { return };
        let name = plan.name.clone();
        if let Some(why) = plan.unfit(&self.version, self.notices.is_some()) {
            return skip(&name, &why);
        }
        self.unwatched();
        let notices = self.take_notices();
        self.report.check("no stream is lost before that", notices.is_empty(), notices);
        let outcome = self.client.call_tool(&name, &json!({}));
        self.report.check(&format!("{name} succeeds"), outcome.is_ok(), outcome);
        let refused = self.client.call_tool("echo", &json!({"message": "lost"}));
        let unsent = matches!(refused, Err(Error::Lost { delivery: Delivery::NotSent, .. }));
        self.report.check("a call in a forgotten session is not made", unsent, refused);
        let outcome = self.client.call_tool("echo", &json!({"message": "found"}));
        let found = outcome.as_ref().is_ok_and(|outcome| outcome.text() == "found");
        self.report.check("the next one is made in a new session", found, outcome);
        let notices = self.take_notices();
        let told = notices == [HttpNotice::SessionLost];
        self.report.check("the loss is told", told, notices);
    }

    /// The server hears that nobody wants to know of its resource any more; until then that is on
    /// its way.
    fn unwatched(&mut self) {
        let plan = self.plan.tools.iter().find(|plan| plan.updates.is_some());
        let Some((name, arguments)) = plan.map(|plan| (plan.name.clone(), plan.arguments())) else {
            return;
        };
        let deadline = Instant::now() + DEADLINE;
        let update = || self.client.call_tool(&name, &arguments).map(|outcome| outcome.text());
        let told =
            |outcome: &Result<String, Error>| outcome.as_ref().is_ok_and(|text| text == "told");
        let mut outcome = update();
        while told(&outcome) && Instant::now() < deadline {
            outcome = update();
        }
        let unwatched = outcome.as_ref().is_ok_and(|text| text.contains("nobody"));
        self.report.check("the server hears of the end of a subscription", unwatched, outcome);
    }

    /// A server that stops ends its subscriptions; otherwise this client does.
    fn unsubscribe(&mut self, listen: &Call) {
        let ends = self.plan.tools.iter().find(|tool| tool.ends).map(|tool| tool.name.clone());
        if let Some(tool) = ends.filter(|_| self.modern) {
            let outcome = self.client.call_tool(&tool, &json!({}));
            self.report.check(&format!("{tool} succeeds"), outcome.is_ok(), outcome);
            let end = listen.wait();
            self.report.check("the server ends the subscription", end.is_ok(), end);
        } else {
            listen.cancel(None);
            let end = listen.wait();
            let cancelled = matches!(end, Err(Error::Cancelled));
            self.report.check("the subscription is ended", cancelled, end);
        }
    }
}

fn names(key: &str, entries: &[Json]) -> BTreeSet<String> {
    entries.iter().filter_map(|entry| value(entry)[key].as_str().map(Into::into)).collect()
}
