//! Calls the echo tool of a server over HTTP with the official Rust SDK, and says what a call costs
//! the client: `rmcp_caller REVISION WINDOW CALLS URL`.

#[expect(dead_code, reason = "it says more than this needs")]
#[path = "../../../src/load.rs"]
mod load;
#[path = "../../../examples/caller/meter.rs"]
mod meter;
#[path = "../../../examples/caller/on_rmcp.rs"]
mod on_rmcp;

use rmcp::transport::StreamableHttpClientTransport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), meter::Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [revision, window, calls, url] = &words[..] else {
        return Err("usage: rmcp_caller REVISION WINDOW CALLS URL".into());
    };
    let transport = StreamableHttpClientTransport::from_uri(url.as_str());
    println!("{}", on_rmcp::measure(transport, revision, window.parse()?, calls.parse()?).await?);
    Ok(())
}
