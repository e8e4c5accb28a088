//! The client's roots.
//!
//! Spec: `client/roots`.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;

use super::entity::parse_object;
use crate::wire::{InvalidParams, Json};

/// A place that the client works in. It tells where to look; it does not keep anyone out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Root {
    /// A `file:` URI.
    pub uri: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
}

impl Root {
    /// Reads the answer to `roots/list`. Roots that are no `file:` URI are refused.
    pub(crate) fn read_all(answer: &Json) -> Result<Vec<Self>, InvalidParams> {
        #[derive(Deserialize)]
        struct Answer {
            roots: Vec<Root>,
        }
        let roots = parse_object::<Answer>(answer)?.roots;
        if roots.iter().all(|root| root.uri.starts_with("file://")) {
            Ok(roots)
        } else {
            Err(InvalidParams("roots: each uri must begin with file://".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_read_with_and_without_a_name() {
        let answer = Json::from_trusted(
            r#"{"roots":[{"uri":"file:///a","name":"A","_meta":{}},{"uri":"file:///b"}]}"#,
        );
        let roots = Root::read_all(&answer).unwrap();
        assert_eq!(roots[0], Root { uri: "file:///a".into(), name: Some("A".into()) });
        assert_eq!(roots[1], Root { uri: "file:///b".into(), name: None });
    }

    #[test]
    fn an_answer_that_lists_no_file_uris_is_refused() {
        for answer in
            [r#"{"roots":[{"uri":"https://a"}]}"#, r#"{"roots":[{}]}"#, "{}", r#"{"roots":{}}"#]
        {
            assert!(Root::read_all(&Json::from_trusted(answer)).is_err(), "{answer}");
        }
    }
}
