//! The blocking client and TLS: whom it trusts.

mod site;

use std::{io::ErrorKind, sync::Arc};

use futures_rustls::{
    TlsAcceptor,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};
use mcp_proto::{
    Version,
    client::{self, Era, HttpError},
    http::HttpClientConfig,
};
use mcp_smol::blocking::{ConnectError, Connector};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use site::{JSON, Site, accept, config, modern, send, soon, transport, within_deadline};
use smol::{Async, io, net::TcpStream};

const MODERN: Era = Era::Pinned(Version::V2026_07_28);

/// A site behind TLS, with a certificate for this name that it has made itself.
fn secure(name: &str) -> (Site, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.into()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let inner = modern(|request, stream| send(stream, "200 OK", JSON, &request.says("secret")));
    let site = accept(move |_, stream| {
        let stream = TcpStream::from(Async::new(stream).unwrap());
        // A client that does not like the certificate is gone.
        let _ = smol::block_on(relay(&acceptor, stream, inner.port()));
    });
    (site, certificate)
}

/// Carries what comes over TLS on without it, and back.
async fn relay(acceptor: &TlsAcceptor, stream: TcpStream, port: u16) -> io::Result<()> {
    let (from, to) = io::split(acceptor.accept(stream).await?);
    let inner = TcpStream::connect(("127.0.0.1", port)).await?;
    let there = io::copy(from, inner.clone());
    let back = io::copy(inner, to);
    smol::future::race(there, back).await.map(drop)
}

fn trusting(certificate: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

fn url(site: &Site) -> String {
    format!("https://localhost:{}/mcp", site.port())
}

/// That there is no client because of a certificate.
fn assert_refused(connector: Connector, http: HttpClientConfig) {
    let error = soon(|| connector.connect(http)).unwrap_err();
    let ConnectError::Handshake { why, end } = &error else { panic!("{error:?}") };
    assert_eq!(*why, client::ConnectError::Http(HttpError::Unreachable));
    let system = end.error.as_ref().unwrap();
    assert_eq!(system.kind(), ErrorKind::InvalidData, "{system:?}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn a_server_that_is_trusted_is_called_over_tls() {
    within_deadline(|| {
        let (site, certificate) = secure("localhost");
        let connector = Connector::new(config(MODERN)).tls(trusting(certificate));
        let client = connector.connect(transport(&url(&site))).unwrap();
        for _ in 0..10 {
            assert_eq!(client.call_tool("any", &json!({})).unwrap().text(), "secret");
        }
        assert_eq!(site.heard.connections(), 1);
    });
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    within_deadline(|| {
        let (site, _) = secure("localhost");
        assert_refused(Connector::new(config(MODERN)), transport(&url(&site)));
    });
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    within_deadline(|| {
        let (site, certificate) = secure("elsewhere.example");
        let connector = Connector::new(config(MODERN)).tls(trusting(certificate));
        assert_refused(connector, transport(&url(&site)));
    });
}

#[test]
fn a_server_that_never_shakes_hands_is_given_up_in_its_time() {
    within_deadline(|| {
        let site = accept(|_, mut stream| {
            // Reads what comes and says nothing.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let connector = Connector::new(config(MODERN)).connect_timeout(site::CALL_TIME / 10);
        let error = soon(|| connector.connect(transport(&url(&site)))).unwrap_err();
        let ConnectError::Handshake { why, end } = error else { panic!("{error:?}") };
        assert_eq!(why, client::ConnectError::Http(HttpError::Unreachable));
        assert_eq!(end.error.as_ref().unwrap().kind(), ErrorKind::TimedOut);
    });
}
