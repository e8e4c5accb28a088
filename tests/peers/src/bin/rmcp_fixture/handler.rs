//! What the SDK calls: lists, tools, prompts, resources, subscriptions.

#![allow(deprecated, reason = "older revisions have what 2026-07-28 does not")]

use rmcp::{
    ErrorData, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, ServerConfig, SetLevelRequestParams,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::SubscriptionContext,
};
use serde_json::json;

use crate::{Context, Fixture, Round, Stop, internal, lock, of, text};

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let changes = json!({"listChanged": true});
        let capabilities = json!({
            "tools": changes, "prompts": changes, "completions": {}, "logging": {},
            "resources": {"listChanged": true, "subscribe": true},
        });
        let mut info = ServerConfig::new(of(capabilities).expect("they are capabilities"));
        info.server_info = Implementation::new("rmcp-fixture", "1.0.0");
        info.instructions = self.0.offer["instructions"].as_str().map(Into::into);
        info
    }

    async fn list_tools(
        &self,
        params: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = lock(&self.0.tools).clone();
        self.page("tools", &tools, params)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let tools = lock(&self.0.tools);
        let tool = tools.iter().find(|tool| tool["name"] == name)?;
        of(tool.clone()).ok()
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        cx: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = &*params.name;
        if self.get_tool(name).is_none() {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None));
        }
        let arguments = params.arguments.unwrap_or_default();
        let round = Round {
            answers: params.input_responses.unwrap_or_default(),
            state: params.request_state,
        };
        let result = match self.0.offer["results"].get(name) {
            Some(result) => Ok(result.clone()),
            None => self.tool(name, &arguments, &round, &cx).await,
        };
        match result {
            Ok(result) => Ok(CallToolResponse::Complete(of(result)?)),
            Err(Stop::Asks(asked)) => Ok(asked.into()),
            Err(Stop::Fails(error)) => Err(error),
        }
    }

    async fn list_prompts(
        &self,
        params: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.listed("prompts", params)
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        cx: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let name = match &*params.name {
            "who" => {
                let round = Round {
                    answers: params.input_responses.unwrap_or_default(),
                    state: params.request_state,
                };
                match self.who(&cx, &round).await {
                    Ok(name) => name,
                    Err(Stop::Asks(asked)) => return Ok(asked.into()),
                    Err(Stop::Fails(error)) => return Err(error),
                }
            }
            "plain" | "greet" => {
                let arguments = params.arguments.unwrap_or_default();
                arguments.get("name").map_or_else(|| "nobody".into(), text)
            }
            other => {
                return Err(ErrorData::invalid_params(format!("Unknown prompt: {other}"), None));
            }
        };
        let content = json!({"type": "text", "text": format!("Hello, {name}!")});
        let result = json!({"messages": [{"role": "user", "content": content}]});
        Ok(GetPromptResponse::Complete(of(result)?))
    }

    async fn list_resources(
        &self,
        params: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.listed("resources", params)
    }

    async fn list_resource_templates(
        &self,
        params: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.listed("resourceTemplates", params)
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        cx: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = &params.uri;
        let known = uri == "test://text" || uri.starts_with("test://page/");
        let content = match uri.as_str() {
            "test://who" => {
                let round = Round {
                    answers: params.input_responses.unwrap_or_default(),
                    state: params.request_state,
                };
                match self.who(&cx, &round).await {
                    Ok(name) => json!({"uri": uri, "mimeType": "text/plain", "text": name}),
                    Err(Stop::Asks(asked)) => return Ok(asked.into()),
                    Err(Stop::Fails(error)) => return Err(error),
                }
            }
            "test://blob" => json!({"uri": uri, "blob": self.0.offer["blob"]}),
            _ if known => {
                let words = format!("content of {uri}");
                json!({"uri": uri, "mimeType": "text/plain", "text": words})
            }
            _ => {
                let data = Some(json!({"uri": uri}));
                return Err(ErrorData::resource_not_found("Resource not found", data));
            }
        };
        Ok(ReadResourceResponse::Complete(of(json!({"contents": [content]}))?))
    }

    async fn complete(
        &self,
        params: CompleteRequestParams,
        _: Context,
    ) -> Result<CompleteResult, ErrorData> {
        let known = self.0.offer["completions"][&params.argument.name].as_array();
        let known = known.into_iter().flatten().map(text);
        let values: Vec<_> =
            known.filter(|value| value.starts_with(&params.argument.value)).collect();
        let total = values.len();
        of(json!({"completion": {"values": values, "total": total, "hasMore": false}}))
    }

    async fn set_level(&self, params: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        let level = serde_json::to_value(params.level).map_err(internal)?;
        *lock(&self.0.level) = text(&level);
        Ok(())
    }

    async fn subscribe(&self, params: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        lock(&self.0.subscribed).insert(params.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        params: UnsubscribeRequestParams,
        _: Context,
    ) -> Result<(), ErrorData> {
        lock(&self.0.subscribed).remove(&params.uri);
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, cx: SubscriptionContext) -> Result<(), ErrorData> {
        let mut ended = self.0.ended.subscribe();
        lock(&self.0.listens).push(cx.sink().clone());
        tokio::select! {
            () = cx.cancelled() => {}
            _ = ended.wait_for(|ended| *ended) => {}
        }
        Ok(())
    }
}
