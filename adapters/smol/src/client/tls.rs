//! TLS, for `https`.

use std::{io, sync::Arc};

use futures_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto, pki_types::ServerName},
};
use smol::net::TcpStream;

use super::connect::UnusableUrl;

/// How a server proves who it is.
pub(crate) type Config = Arc<ClientConfig>;

/// TLS with one server.
pub(super) struct Tls {
    connector: TlsConnector,
    server: ServerName<'static>,
}

impl Tls {
    /// With the server of this name or address. Without a configuration of the application's, what
    /// is trusted is decided by [`roots`].
    pub(super) fn new(host: &str, config: Option<Config>) -> Result<Self, UnusableUrl> {
        let server = ServerName::try_from(host.to_owned()).map_err(|_| UnusableUrl::Malformed)?;
        let config = match config {
            Some(config) => config,
            None => Arc::new(default_config()?),
        };
        Ok(Self { connector: TlsConnector::from(config), server })
    }

    pub(super) async fn wrap(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.server.clone(), tcp).await
    }
}

fn default_config() -> Result<ClientConfig, UnusableUrl> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| UnusableUrl::NoTls)?;
    let mut config = builder.with_root_certificates(roots()).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Those who vouch for servers, as Mozilla trusts them.
#[cfg(not(feature = "tls-platform-roots"))]
fn roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() }
}

/// Those who vouch for servers, as this machine trusts them. One that cannot be read vouches for
/// nobody.
#[cfg(feature = "tls-platform-roots")]
fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
