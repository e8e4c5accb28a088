//! Which URIs templates match, and which templates cannot be matched.

use alloc::{format, string::ToString};

use proptest::prelude::*;

use super::*;

fn matched(template: &str, uri: &str) -> Option<String> {
    let variables = UriTemplate::parse(template).unwrap().matches(uri)?;
    let shown = variables.iter().map(|(name, value)| format!("{name}={value}"));
    Some(shown.collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn check(template: &str, cases: &[(&str, Option<&str>)]) {
    for (uri, expected) in cases {
        assert_eq!(matched(template, uri).as_deref(), *expected, "{template} and {uri}");
    }
}

#[test]
fn a_template_without_variables_matches_itself() {
    check("a:b%20c", &[("a:b%20c", Some("")), ("a:b c", None), ("a:b%20cd", None), ("", None)]);
}

#[test]
fn a_variable_takes_one_segment() {
    spec!("RES-07");
    check(
        "users://{id}",
        &[
            ("users://7", Some("id=7")),
            ("users://a@b.c:d,e", Some("id=a@b.c:d,e")),
            ("users://a%2Fb%20%C3%A4", Some("id=a/b ä")),
            ("users://ä", Some("id=ä")),
            ("users://", None),
            ("users://a/b", None),
            ("users://a?b", None),
            ("users://a#b", None),
            ("users://a b", None),
            ("user://7", None),
        ],
    );
    check("a:{x}/b/{y}", &[("a:1/b/2", Some("x=1 y=2")), ("a:1/b/", None), ("a:1/c/2", None)]);
}

#[test]
fn escapes_that_mean_nothing_are_no_match() {
    check(
        "a:{+x}",
        &[("a:%", None), ("a:%2", None), ("a:%zz", None), ("a:%+1", None), ("a:%FF", None)],
    );
}

#[test]
fn a_variable_ends_at_the_first_occurrence_of_the_next_literal_and_the_last_at_the_end() {
    check("a:{x}-{y}.txt", &[("a:1-2-3.txt.txt", Some("x=1 y=2-3.txt")), ("a:1.txt", None)]);
    check("a:{x}b{y}", &[("a:1bbb", Some("x=1 y=bb")), ("a:b1", None)]);
}

#[test]
fn reserved_characters_are_taken_with_a_plus() {
    check(
        "file:///{+path}",
        &[
            ("file:///a/b?c#d", Some("path=a/b?c#d")),
            ("file:///../x", Some("path=../x")),
            ("file:///", None),
        ],
    );
    check("a:{+x,y}", &[("a:1/2,3", Some("x=1/2 y=3")), ("a:1", None)]);
}

#[test]
fn labels_and_segments_begin_with_their_signs() {
    check("a:b{.x,y}", &[("a:b.tar.gz", Some("x=tar y=gz")), ("a:b.tar", None)]);
    check("a:{/x,y}", &[("a:/1/2", Some("x=1 y=2")), ("a:/1", None), ("a:/1/2/3", None)]);
    check("a:{/x*}", &[("a:/1/2/3", Some("x=1/2/3")), ("a:1", None), ("a:/1?2", None)]);
    check("a:{x,y*}", &[("a:1,2,3", Some("x=1 y=2,3"))]);
}

#[test]
fn parameters_come_in_any_order_or_not_at_all() {
    check(
        "a:{x}{?p,q}",
        &[
            ("a:1", Some("x=1")),
            ("a:1?p=2", Some("p=2 x=1")),
            ("a:1?q=%26&p=/?", Some("p=/? q=& x=1")),
            ("a:1?q=", Some("q= x=1")),
            ("a:1?p", Some("p= x=1")),
            ("a:1?", None),
            ("a:1?p=1&p=2", None),
            ("a:1?r=1", None),
            ("a:1?p=1&&q=2", None),
            ("a:?p=1", None),
        ],
    );
    check("a:b?v=1{&p}{#f}", &[("a:b?v=1&p=2#3", Some("f=3 p=2")), ("a:b?v=1", Some(""))]);
    check("a:b?v=1&w=2{&p}", &[("a:b?v=1&w=2&p=3", Some("p=3")), ("a:b?v=1&p=3", None)]);
    check("a:b{?p}{&q}", &[("a:b?q=1&p=2", Some("p=2 q=1"))]);
    check("a:b;c=1{;d,e}{?p}", &[("a:b;c=1;e=2;d?p=;", Some("d= e=2 p=;")), ("a:b;d=1", None)]);
}

#[test]
fn a_fragment_may_be_left_out_but_not_be_empty() {
    let cases =
        [("a:1#b/c#", Some("f=b/c# x=1")), ("a:1", Some("x=1")), ("a:1#", None), ("a:#b", None)];
    check("a:{x}{#f}", &cases);
}

#[test]
fn a_prefix_is_counted_in_characters() {
    check("a:{x:2}", &[("a:äö", Some("x=äö")), ("a:%C3%A4", Some("x=ä")), ("a:abc", None)]);
}

#[test]
fn templates_that_cannot_be_matched_are_refused() {
    for text in [
        "",
        "a:{",
        "a:{x",
        "a:x}",
        "a:{}",
        "a:{x}{y}",
        "a:{x}{+y}",
        "a:{x}/{x}",
        "a:{x:1}/{x}",
        "a:{?x*}",
        "a:{;x*}",
        "a:{?x}{&x}",
        "a:{?x}/b",
        "a:{?x}{/y}",
        "a:{#x}{?y}",
        "a:{#x}{#y}",
        "a:?b{#x}{&y}",
        "a:{&x}",
        "a:?b{?x}",
        "a:{?x}{?y}",
        "a:{;x}/b",
        "a:{;x}{;y}",
        "a:{=x}",
        "a:{!x}",
        "a:{|x}",
        "a:{x y}",
        "a:{x-y}",
        "a:{x:}",
        "a:{x:0}",
        "a:{x:10000}",
        "a:{x:+1}",
        "a:{x:1*}",
        "a:{x*:1}",
        "a:{x..y}",
        "a:{%zz}",
        "a:{x,}",
        "a:{,x}",
        "a: {x}",
        "a:ä{x}",
        "a:%{x}",
        "a:\n{x}",
        "a:<b>",
        "a:#b{#x}",
        "a:{{x}}",
        "a:{ä}",
    ] {
        assert!(UriTemplate::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_template_knows_its_text_and_its_variables() {
    let template = UriTemplate::parse("a:{x}/{y.z}{;m}{?q}{#f}").unwrap();
    assert_eq!(template.as_str(), "a:{x}/{y.z}{;m}{?q}{#f}");
    assert_eq!(template.variables().collect::<Vec<_>>(), ["x", "y.z", "f", "m", "q"]);
}

/// How many bytes one match compares.
fn bytes_looked_at(template: &str, uri: &str) -> usize {
    let mut found = Match::default();
    UriTemplate::parse(template).unwrap().look_for(uri, &mut found);
    found.looked_at
}

#[test]
fn matching_looks_at_each_byte_no_more_than_a_few_times_however_bad_the_uri() {
    for template in [
        "a:{a}a{b}a{c}a{d}a{e}b",
        "a:{+a}aaaaaaaab{+b}aaaaaaaab{+c}aaaaaaaab{+d}b",
        "a:{+a}/{+b}/{+c}/{+d}/{+e}x",
        "a:{;a,b,c}{?d,e,f}{#g}",
        "a:{a}?{b}&{c}&{d}{&e}",
    ] {
        for pattern in ["a", "/", ";a", "?", "&", "#", "aaaaaaaac", "%41", "=&"] {
            for repeated in [1_000, 2_000] {
                let uri = format!("a:{}", pattern.repeat(repeated));
                let looked_at = bytes_looked_at(template, &uri);
                assert!(looked_at <= 6 * uri.len() + 200, "{template} {pattern}: {looked_at}");
            }
        }
    }
}

/// A value as a template would write it: everything but unreserved characters is escaped.
fn expanded(value: &str) -> String {
    let escape = |byte: u8| match char::from(byte) {
        char if char.is_ascii_alphanumeric() || "-._~".contains(char) => char.to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(escape).collect()
}

proptest! {
    #[test]
    fn what_a_template_gives_it_also_matches(x in ".+", y in ".+", p in ".*", q in ".*") {
        let template = UriTemplate::parse("test://{x}/of{/y}{?p,q}").unwrap();
        let [ex, ey, ep, eq] = [&x, &y, &p, &q].map(|value| expanded(value));
        let found = template.matches(&format!("test://{ex}/of/{ey}?p={ep}&q={eq}")).unwrap();
        let found: Vec<_> = found.values().collect();
        prop_assert_eq!(found, [&p, &q, &x, &y]);
    }

    #[test]
    fn no_template_and_no_uri_make_it_panic(
        text in any::<String>(),
        template in "[a{}+#./;?&:*,1%é]{0,16}",
        uri in "[a:/?#;&=,.%1é]{0,16}",
    ) {
        for template in [&text, &template].into_iter().filter_map(|t| UriTemplate::parse(t).ok()) {
            let _ = template.matches(&uri);
            let _ = template.matches(&text);
        }
    }
}
