//! A server that takes access tokens: JWTs, signed with a key of a key set.
//!
//! ```text
//! JWKS=keys.json ISSUER=https://auth.example AUDIENCE=https://mcp.example/mcp \
//!     cargo run -p mcp-smol --example jwt
//! ```
//!
//! A real server fetches the key set from its issuer, and again from time to time.

use std::{collections::BTreeSet, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{JwkSet, KeyAlgorithm},
};
use mcp_proto::{
    Grant, Router,
    http::{Challenge, Head, HttpConfig, ProtectedResource},
    schema::Tool,
};
use mcp_smol::Server;
use serde::Deserialize;

/// What this server looks at in a token.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
}

/// Checks tokens.
struct Verifier {
    keys: JwkSet,
    issuer: String,
    audience: String,
}

/// What tokens may be signed with. A token says which algorithm it has, so that this must not
/// follow from the token.
const ALGORITHMS: [(KeyAlgorithm, Algorithm); 3] = [
    (KeyAlgorithm::EdDSA, Algorithm::EdDSA),
    (KeyAlgorithm::ES256, Algorithm::ES256),
    (KeyAlgorithm::RS256, Algorithm::RS256),
];

impl Verifier {
    /// Who has sent a request, by its `Authorization` field.
    fn verify(&self, authorization: Option<&[u8]>) -> Result<Grant, Challenge> {
        let Some(authorization) = authorization else { return Err(Challenge::unauthorized()) };
        let text = str::from_utf8(authorization).map_err(|_| Challenge::invalid_request())?;
        let (scheme, token) = text.split_once(' ').ok_or_else(Challenge::invalid_request)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Challenge::unauthorized());
        }
        let claims = self.claims(token.trim()).ok_or_else(Challenge::invalid_token)?;
        Ok(Grant {
            subject: Some(format!("{}|{}", self.issuer, claims.sub).into()),
            scopes: claims.scope.split(' ').map(Box::from).collect::<BTreeSet<_>>(),
            ..Grant::default()
        })
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        let key = self.keys.find(header.kid.as_deref()?)?;
        // The algorithm is the key's: one that its issuer has published, and that we take.
        let named = key.common.key_algorithm?;
        let (_, algorithm) = ALGORITHMS.iter().find(|(name, _)| *name == named)?;
        let mut validation = Validation::new(*algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        let key = DecodingKey::from_jwk(key).ok()?;
        decode::<Claims>(token, &key, &validation).ok().map(|token| token.claims)
    }
}

fn authorization(head: &Head<'_>) -> Option<Vec<u8>> {
    let mut found = None;
    head.headers.each(&mut |name, value| {
        if name.eq_ignore_ascii_case("authorization") {
            found = Some(value.to_vec());
        }
    });
    found
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keys = std::fs::read(std::env::var("JWKS")?)?;
    let verifier = Verifier {
        keys: serde_json::from_slice(&keys)?,
        issuer: std::env::var("ISSUER")?,
        audience: std::env::var("AUDIENCE")?,
    };
    let mut router = Router::new();
    router.tool(Tool::new("whoami").scope("profile"), |cx, _: serde_json::Value| {
        Ok(cx.grant().subject.clone().unwrap_or_default())
    });
    let http = HttpConfig {
        protected_resource: Some(ProtectedResource {
            resource: verifier.audience.as_str().into(),
            authorization_servers: vec![verifier.issuer.as_str().into()],
            scopes_supported: vec!["profile".into()],
        }),
        ..HttpConfig::default()
    };
    let port = std::env::var("PORT").ok().map_or(Ok(0), |port| port.parse::<u16>())?;
    let server = Server::new("jwt", "1.0.0", router, ())
        .http_config(http)
        .authorize(move |head: &Head<'_>| {
            let grant = verifier.verify(authorization(head).as_deref()).map(Arc::new);
            async move { grant }
        })
        .bind(("127.0.0.1", port))?;
    println!("listening on {}", server.url());
    server.run()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use mcp_proto::spec;
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://auth.example";
    const AUDIENCE: &str = "https://mcp.example/mcp";
    /// The key pair of RFC 8037, appendix A.
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const SEED: [u8; 32] = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];

    fn verifier() -> Verifier {
        let keys = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "first", "alg": "EdDSA",
        }] });
        Verifier {
            keys: serde_json::from_value(keys).unwrap(),
            issuer: ISSUER.into(),
            audience: AUDIENCE.into(),
        }
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "scope": "profile mail",
            "exp": get_current_timestamp() + 3600,
        })
    }

    fn sign(algorithm: Algorithm, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
        let key = if algorithm == Algorithm::EdDSA {
            // PKCS #8 around the seed.
            let der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
            EncodingKey::from_ed_der(&[&der[..], &SEED].concat())
        } else {
            // What somebody tries who takes the public key for a secret.
            EncodingKey::from_secret(PUBLIC.as_bytes())
        };
        format!("Bearer {}", encode(&header, claims, &key).unwrap())
    }

    #[track_caller]
    fn check_refused(authorization: &str) {
        assert!(verifier().verify(Some(authorization.as_bytes())).is_err(), "{authorization}");
    }

    #[test]
    fn a_good_token_says_who_is_calling() {
        spec!("ELI-26");
        let token = sign(Algorithm::EdDSA, "first", &claims());
        let grant = verifier().verify(Some(token.as_bytes())).unwrap();
        assert_eq!(grant.subject.as_deref(), Some("https://auth.example|ann"));
        assert!(grant.has_scope("profile") && grant.has_scope("mail") && !grant.has_scope("x"));
    }

    #[test]
    fn tokens_of_others_for_others_and_of_the_past_are_refused() {
        spec!("AUT-06", "AUT-08");
        for (claim, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("https://other.example/mcp")),
            ("exp", json!(get_current_timestamp() - 3600)),
            ("nbf", json!(get_current_timestamp() + 3600)),
            ("sub", Value::Null),
        ] {
            let mut claims = claims();
            claims[claim] = value;
            check_refused(&sign(Algorithm::EdDSA, "first", &claims));
        }
        check_refused("Bearer nonsense");
        check_refused("Basic YW5uOnNlY3JldA==");
    }

    #[test]
    fn another_algorithm_or_key_than_the_published_one_is_refused() {
        check_refused(&sign(Algorithm::HS256, "first", &claims()));
        check_refused(&sign(Algorithm::EdDSA, "second", &claims()));
    }
}
