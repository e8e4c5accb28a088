//! The server with every feature over HTTP, on either engine.

use std::{
    future::ready,
    io::{self, Write as _},
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use mcp_proto::{
    Router,
    http::{Head, HttpConfig},
};
use mcp_stdio::Pool;

use super::{State, config, guarded, router, threads};

/// Which HTTP library carries it.
#[derive(Clone, Copy, Debug)]
pub enum Engine {
    /// `mcp-smol`.
    Smol,
    /// `mcp-tiny-http`.
    TinyHttp,
}

impl Engine {
    /// The engine of this name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "smol" => Some(Self::Smol),
            "tiny-http" => Some(Self::TinyHttp),
            _ => None,
        }
    }
}

/// How it is served.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// On what.
    pub engine: Engine,
    /// Where; port 0 is any that is free.
    pub listen: SocketAddr,
    /// Whether callers need a token.
    pub auth: bool,
}

/// Serves everything until SIGTERM comes. The first line on stdout says where.
pub fn serve(options: Options) -> io::Result<()> {
    let mut router = router();
    threads::add(&mut router, &Pool::default());
    if !options.auth {
        return serve_on(options.engine, router, HttpConfig::default(), options.listen, false);
    }
    guarded::add(&mut router);
    // Which port it is has to be known beforehand, because the metadata says it.
    let listen = TcpListener::bind(options.listen)?.local_addr()?;
    let mut http = HttpConfig::default();
    let resource = guarded::resource(&format!("http://{listen}{}", http.path));
    http.protected_resource = Some(resource);
    serve_on(options.engine, router, http, listen, true)
}

fn serve_on(
    engine: Engine,
    router: Router<State>,
    http: HttpConfig,
    listen: SocketAddr,
    auth: bool,
) -> io::Result<()> {
    match engine {
        Engine::Smol => {
            let server = mcp_smol::Server::new("everything", "", router, State::default())
                .config(config())
                .http_config(http);
            if auth {
                let hook = |head: &Head<'_>| ready(guarded::authorize(head).map(Arc::new));
                let server = server.authorize(hook).bind(listen)?;
                announce(&server.url())?;
                return server.run();
            }
            let server = server.bind(listen)?;
            announce(&server.url())?;
            server.run()
        }
        Engine::TinyHttp => {
            let mut server = mcp_tiny_http::Server::new("everything", "", router, State::default())
                .config(config())
                .http_config(http);
            if auth {
                server = server.authorize(|head| guarded::authorize(head).map(Arc::new));
            }
            let server = server.bind(listen)?;
            announce(&server.url())?;
            server.run()
        }
    }
}

fn announce(url: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {url}")?;
    stdout.flush()
}
