//! Calls on the client of the official SDK, whatever carries them.

use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::{
        CallToolRequestParams, ClientCapabilities, ClientConfig, Implementation, ProtocolVersion,
    },
    service::{Peer, RoleClient},
    transport::IntoTransport,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::meter::{Failure, Meter, arguments, check};

/// What these calls cost the client.
pub(crate) async fn measure<T, E, A>(
    transport: T,
    revision: &str,
    window: usize,
    calls: usize,
) -> Result<Value, Failure>
where
    T: IntoTransport<RoleClient, E, A>,
    E: std::error::Error + Send + Sync + 'static,
{
    let version: ProtocolVersion = serde_json::from_value(json!(revision))?;
    let mode = if version == ProtocolVersion::V_2026_07_28 {
        ClientLifecycleMode::Discover { preferred_versions: vec![version.clone()] }
    } else {
        ClientLifecycleMode::Initialize
    };
    let info = Implementation::new("caller", "0");
    let mut config = ClientConfig::new(ClientCapabilities::default(), info);
    config.protocol_version = version;
    let client = config.serve_with_lifecycle(transport, mode).await?;
    exchange(client.peer(), window, calls / 10).await?;
    let meter = Meter::start(calls)?;
    exchange(client.peer(), window, calls).await?;
    let cost = meter.stop()?;
    client.cancel().await?;
    Ok(cost)
}

async fn exchange(peer: &Peer<RoleClient>, window: usize, calls: usize) -> Result<(), Failure> {
    if window == 1 {
        return call_in_turn(peer, calls).await;
    }
    let mut tasks = JoinSet::new();
    for place in 0..window {
        // What is left over is shared out.
        let calls = calls / window + usize::from(place < calls % window);
        let peer = peer.clone();
        tasks.spawn(async move { call_in_turn(&peer, calls).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn call_in_turn(peer: &Peer<RoleClient>, calls: usize) -> Result<(), Failure> {
    for _ in 0..calls {
        let Value::Object(arguments) = arguments() else { continue };
        let params = CallToolRequestParams::new("echo").with_arguments(arguments);
        let result = peer.call_tool(params).await?;
        let text = result.content.first().and_then(|content| content.as_text());
        check(text.map_or("", |text| &text.text))?;
    }
    Ok(())
}
