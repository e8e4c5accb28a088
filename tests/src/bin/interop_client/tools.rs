//! The tools of a server, each called as its plan says.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use mcp_proto::{
    client::{CallOptions, ClientEvent},
    schema::{Level, List},
};
use mcp_stdio::client::{Error, ToolOutcome};
use serde_json::{Value, json};

use crate::{
    plan::ToolPlan,
    report::skip,
    session::{DEADLINE, Session, value},
};

impl Session {
    /// Lists the tools and calls each.
    pub(crate) fn tools(&mut self) {
        let listed = self.tool_names();
        self.has_used("tools");
        let plans = std::mem::take(&mut self.plan.tools);
        let unplanned: Vec<_> =
            listed.iter().filter(|name| !plans.iter().any(|plan| plan.name == **name)).collect();
        self.report.check("every tool is called", unplanned.is_empty(), unplanned);
        let level = self.client.set_level(Level::Debug);
        self.report.check("the level of logs is set", level.is_ok(), level);
        for plan in plans.iter().filter(|plan| !plan.ends && !plan.forgets) {
            if let Some(why) = plan.unfit(&self.version, self.notices.is_some()) {
                skip(&plan.name, &why);
            } else if self.report.check(
                &format!("{} is listed", plan.name),
                listed.contains(&plan.name),
                &listed,
            ) {
                self.tool(plan);
            }
        }
        self.plan.tools = plans;
    }

    fn tool_names(&mut self) -> BTreeSet<String> {
        let tools = self.client.list_tools();
        self.report.check("the tools are listed", tools.is_ok(), &tools);
        let tools = tools.unwrap_or_default();
        let names: BTreeSet<String> =
            tools.iter().filter_map(|tool| value(tool)["name"].as_str().map(Into::into)).collect();
        self.report.check("no tool is listed twice", names.len() == tools.len(), &tools);
        names
    }

    fn tool(&mut self, plan: &ToolPlan) {
        if let Some(counter) = &plan.cancel {
            return self.cancelled(plan, counter);
        }
        if plan.task {
            return self.task(plan);
        }
        let name = &plan.name;
        let mark = self.mark();
        let _ = self.person.asked();
        let (outcome, progress) = self.called(plan);
        if let Some(code) = plan.refused {
            let refused = matches!(&outcome, Err(Error::Refused(error)) if error.code == code);
            self.report.check(&format!("{name} is refused with {code}"), refused, &outcome);
            return;
        }
        let Ok(outcome) = outcome else {
            self.report.check(&format!("{name} has a result"), false, outcome);
            return;
        };
        self.result(plan, &outcome);
        let asked = self.person.asked();
        let right = plan.asks == ["anything"] || plan.asks == asked;
        self.report.check(&format!("{name} asks {:?}", plan.asks), right, asked);
        if let Some(expected) = &plan.progress {
            let right = progress == *expected;
            self.report.check(&format!("{name} reports its progress"), right, progress);
        }
        self.told(plan, mark);
        if plan.again {
            let outcome = self.client.call_tool(name, &plan.arguments());
            let well = outcome.as_ref().is_ok_and(|outcome| !outcome.is_error());
            self.report.check(&format!("{name} is called again"), well, outcome);
        }
    }

    fn called(&self, plan: &ToolPlan) -> (Result<ToolOutcome, Error>, Vec<f64>) {
        let mut progress = Vec::new();
        let options = CallOptions { progress: plan.progress.is_some(), ..CallOptions::default() };
        let call = self.client.begin_tool(&plan.name, &plan.arguments(), options);
        let outcome = call.and_then(|call| call.wait_with(|report| progress.push(report.progress)));
        (outcome.map(ToolOutcome), progress)
    }

    /// What the result of a tool must be.
    fn result(&mut self, plan: &ToolPlan, outcome: &ToolOutcome) {
        let name = &plan.name;
        let failed = outcome.is_error();
        let end = if plan.is_error { "fails" } else { "succeeds" };
        self.report.check(&format!("{name} {end}"), failed == plan.is_error, outcome);
        if let Some(text) = &plan.text {
            self.report.check(&format!("{name} says it"), outcome.text() == *text, outcome);
        }
        if let Some(part) = &plan.contains {
            let there = outcome.text().contains(part.as_str());
            self.report.check(&format!("{name} says what it should"), there, outcome);
        }
        if let Some(kinds) = &plan.kinds {
            let result = value(&outcome.0);
            let content = result["content"].as_array().cloned().unwrap_or_default();
            let found: BTreeSet<&str> =
                content.iter().filter_map(|block| block["type"].as_str()).collect();
            let right = found == kinds.iter().map(String::as_str).collect();
            self.report.check(&format!("{name} returns {kinds:?}"), right, &result);
        }
        if let Some(members) = &plan.structured {
            let content = outcome.structured().map(|json| value(&json)).unwrap_or_default();
            let right = members.iter().all(|member| content.get(member).is_some());
            self.report.check(&format!("{name} has structured content"), right, content);
        }
    }

    /// What the server must have told since `mark`.
    fn told(&mut self, plan: &ToolPlan, mark: usize) {
        let name = &plan.name;
        if plan.completed && self.version == "2025-11-25" {
            let complete = |event: &ClientEvent| {
                matches!(event, ClientEvent::ElicitationComplete { .. }).then_some(())
            };
            let told = self.hear(mark, complete);
            self.report.check(&format!("{name} tells that it is complete"), told.is_some(), ());
        }
        if let Some(levels) = &plan.logs {
            let heard = if levels.is_empty() {
                let log = |event: &_| matches!(event, ClientEvent::Log { .. }).then(String::new);
                self.hear(mark, log).into_iter().collect()
            } else {
                self.levels(mark, levels)
            };
            let right = if levels.is_empty() { !heard.is_empty() } else { heard == *levels };
            self.report.check(&format!("{name} logs"), right, heard);
            self.has_used("logging");
        }
        if let Some(list) = &plan.changes {
            let wanted = match list.as_str() {
                "tools" => List::Tools,
                "prompts" => List::Prompts,
                _ => List::Resources,
            };
            let changed = |event: &ClientEvent| {
                matches!(event, ClientEvent::ListChanged(list) if *list == wanted).then_some(())
            };
            let told = self.hear(mark, changed).is_some();
            self.report.check(&format!("{name} tells of other {list}"), told, ());
        }
        if let Some(added) = &plan.adds {
            let names = self.tool_names();
            self.report.check(&format!("{added} is listed anew"), names.contains(added), &names);
            let outcome = self.client.call_tool(added, &json!({}));
            let well = outcome.as_ref().is_ok_and(|outcome| !outcome.is_error());
            self.report.check(&format!("{added} is called"), well, outcome);
        }
        if let Some(uri) = &plan.updates {
            let updated = |event: &ClientEvent| {
                matches!(event, ClientEvent::ResourceUpdated { uri: of } if **of == **uri)
                    .then_some(())
            };
            let told = self.hear(mark, updated).is_some();
            self.report.check(&format!("{name} tells of a change"), told, ());
            self.has_used("resources.subscribe");
        }
    }

    /// The levels that are logged from `mark` on, once the last of those that are expected is.
    pub(crate) fn levels(&mut self, mark: usize, expected: &[String]) -> Vec<String> {
        let level = |event: &ClientEvent| match event {
            ClientEvent::Log { level, .. } => Some(level.to_string()),
            _ => None,
        };
        if let Some(last) = expected.last() {
            self.hear(mark, |event| level(event).filter(|level| level == last));
        }
        self.since(mark).iter().filter_map(level).collect()
    }

    /// A call that is cancelled, and one that takes too long.
    fn cancelled(&mut self, plan: &ToolPlan, counter: &str) {
        let name = &plan.name;
        let begin = |options| self.client.begin_tool(name, &plan.arguments(), options);
        let call = begin(CallOptions { progress: true, ..CallOptions::default() });
        let heard = RefCell::new(0);
        let outcome = call.and_then(|call| {
            call.wait_with(|_| {
                *heard.borrow_mut() += 1;
                call.cancel(Some("enough"));
            })
        });
        let mut options = CallOptions::default();
        options.timeouts.total = Some(Duration::from_millis(200));
        let late = begin(options).and_then(|call| call.wait());
        let cancelled = matches!(outcome, Err(Error::Cancelled)) && heard.into_inner() > 0;
        self.report.check(&format!("{name} is cancelled while it works"), cancelled, outcome);
        let timed_out = matches!(late, Err(Error::TimedOut));
        self.report.check(&format!("{name} takes too long"), timed_out, late);
        if counter.is_empty() {
            return;
        }
        let deadline = Instant::now() + DEADLINE;
        let count = || self.client.call_tool(counter, &json!({})).map(|times| times.text());
        let mut times = count();
        while times.as_ref().is_ok_and(|times| times != "2") && Instant::now() < deadline {
            times = count();
        }
        let both = times.as_ref().is_ok_and(|times| times == "2");
        self.report.check("both cancellations reach their call", both, times);
    }

    /// A call as a task of 2025-11-25, which this client knows as methods of its own.
    fn task(&mut self, plan: &ToolPlan) {
        let name = &plan.name;
        let mut params = json!({"name": name, "task": {"ttl": 60_000}});
        params["arguments"] = plan.arguments();
        let id = |created: Result<Value, Error>| match created {
            Ok(created) => created["task"]["taskId"].clone(),
            Err(error) => json!({"error": error.to_string()}),
        };
        let task = json!({"taskId": id(self.call("tools/call", &params))});
        let result = self.call("tasks/result", &task);
        let well = result.as_ref().is_ok_and(|result| {
            plan.contains.as_ref().is_none_or(|part| result.to_string().contains(part.as_str()))
        });
        self.report.check(&format!("{name} is a task with a result"), well, result);
        let state = self.call("tasks/get", &task);
        let done = state.as_ref().is_ok_and(|state| state["status"] == "completed");
        self.report.check(&format!("{name} is complete"), done, state);
        self.has_used("tasks.requests.tools.call");
        let list = self.call("tasks/list", &json!({}));
        let listed = list.as_ref().is_ok_and(|list| list["tasks"][0]["taskId"] == task["taskId"]);
        self.report.check("the task is listed", listed, list);
        self.has_used("tasks.list");
        let other = json!({"taskId": id(self.call("tools/call", &params))});
        let gone = self.call("tasks/cancel", &other);
        let cancelled = gone.as_ref().is_ok_and(|gone| gone["status"] == "cancelled");
        self.report.check("another task is cancelled", cancelled, gone);
        self.has_used("tasks.cancel");
    }
}
