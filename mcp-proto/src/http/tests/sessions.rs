//! Sessions: who may use one, and how long it lasts.

use super::*;

fn with_id(site: &mut Site, id: &str, body: &str) -> Option<u16> {
    let exchange = site.post(&[("Mcp-Session-Id", id)], body);
    site.got[&exchange].status
}

#[test]
fn a_request_without_a_session_id_is_refused() {
    spec!("SHL-07", "SHL-08", "SHL-36");
    let mut site = Site::operating(Version::V2025_11_25);
    site.post(&[], &call("1"));
    site.post(&[], INITIALIZED);
    insta::assert_snapshot!(site.transcript(), @r#"
    > POST #3 {"id":1,"method":"tools/call","params":{"name":"echo",
          "arguments":{"n":1}}}
    * refused: Session
    < #3 400 {"id":1,"error":{"code":-32600,"message":"Mcp-Session-Id is missing"}}
    > POST #4 {"method":"notifications/initialized"}
    * refused: Session
    < #4 400 {"error":{"code":-32600,"message":"Mcp-Session-Id is missing"}}
    "#);
}

#[test]
fn unknown_ended_and_foreign_sessions_are_the_same() {
    spec!("ELI-27", "SEC-02", "SHL-37");
    let mut site = Site::operating(Version::V2025_11_25);
    let ended = site.sessions[0].1.clone();
    let delete = site.delete();
    assert_eq!(site.got[&delete].status, Some(204));
    site.open(Version::V2025_11_25);
    let foreign = site.sessions[1].1.clone();
    site.grant = Arc::new(Grant { subject: Some("b".into()), ..Grant::default() });
    let mut bodies = Vec::new();
    for id in ["no-such-session", &ended, &foreign] {
        let exchange = site.post(&[("Mcp-Session-Id", id)], &call("1"));
        assert_eq!(site.got[&exchange].status, Some(404));
        bodies.push(site.got[&exchange].body.clone());
        for method in ["GET", "DELETE"] {
            let exchange = site.request(method, &[("Mcp-Session-Id", id)], "");
            assert_eq!(site.got[&exchange].status, Some(404), "{method}");
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(site.calls.len(), 0);
}

#[test]
fn a_new_token_of_the_same_subject_keeps_its_session() {
    let mut site = Site::new();
    let subject = Some("a".into());
    site.grant = Arc::new(Grant { subject: subject.clone(), ..Grant::default() });
    site.open(Version::V2025_11_25);
    let scopes = ["s".into()].into();
    site.grant = Arc::new(Grant { subject, scopes, ..Grant::default() });
    let exchange = site.say(&legacy("1", "ping", "{}"));
    assert_eq!(site.got[&exchange].status, Some(200));
}

#[test]
fn the_version_of_the_session_holds_whichever_known_one_the_header_names() {
    spec!("SHL-44");
    let mut site = Site::operating(Version::V2025_06_18);
    let id = site.sessions[0].1.clone();
    for (version, status) in [
        ("2025-06-18", 200),
        ("2025-11-25", 200),
        ("2024-11-05", 200),
        ("1999-01-01", 400),
        ("x", 400),
    ] {
        let fields = [("Mcp-Session-Id", &*id), ("MCP-Protocol-Version", version)];
        let exchange = site.post(&fields, &legacy("1", "ping", "{}"));
        assert_eq!(site.got[&exchange].status, Some(status), "{version}");
    }
}

#[test]
fn a_header_on_initialize_says_nothing_unless_it_is_of_the_other_era() {
    for (version, status) in [("2025-03-26", 200), ("1999-01-01", 200), ("2026-07-28", 400)] {
        let mut site = Site::new();
        let fields = [("MCP-Protocol-Version", version)];
        let exchange = site.post(&fields, &initialize("0", "2025-06-18"));
        assert_eq!(site.got[&exchange].status, Some(status), "{version}");
        assert_eq!(site.sessions.len(), usize::from(status == 200));
    }
}

#[test]
fn a_session_is_initialized_once() {
    let mut site = Site::operating(Version::V2025_11_25);
    let again = site.say(&initialize("9", "2025-11-25"));
    assert_eq!(site.got[&again].status, Some(400));
    assert_eq!(site.sessions.len(), 1);
}

#[test]
fn an_initialize_that_is_refused_opens_nothing() {
    let mut site = Site::new();
    let exchange = site.post(&[], &legacy("0", "initialize", "{}"));
    assert_eq!(site.got[&exchange].status, Some(200));
    assert!(site.messages(exchange).is_empty() && site.endpoint.is_empty());
}

#[test]
fn an_idle_session_expires() {
    spec!("SEC-09");
    let mut site = Site::with(|_, http| http.session_idle = Duration::from_mins(1));
    site.open(Version::V2025_11_25);
    site.wait(Duration::from_secs(59));
    site.say(&legacy("1", "ping", "{}"));
    site.wait(Duration::from_secs(59));
    assert_eq!(site.endpoint.sessions().count(), 1);
    site.forget();
    site.wait(Duration::from_secs(1));
    insta::assert_snapshot!(site.transcript(), @"
    * session #1 closed: Expired
    ");
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_session_with_a_stream_or_a_running_call_is_not_idle() {
    let mut site = Site::with(|_, http| http.session_idle = Duration::from_mins(1));
    site.open(Version::V2025_11_25);
    let stream = site.get();
    site.wait(Duration::from_mins(10));
    site.say(&call("1"));
    site.disconnect(stream);
    site.wait(Duration::from_mins(10));
    assert_eq!(site.endpoint.sessions().count(), 1);
    site.answer(0).unwrap();
    site.wait(Duration::from_mins(10));
    assert!(site.endpoint.is_empty());
}

#[test]
fn a_session_lasts_as_long_as_it_may_whatever_goes_on_in_it() {
    let lifetime = Some(Duration::from_secs(100));
    let mut site = Site::with(|_, http| http.session_lifetime = lifetime);
    site.open(Version::V2025_11_25);
    site.get();
    let waiting = site.say(&call("1"));
    site.forget();
    site.wait(Duration::from_secs(100));
    assert!(site.transcript().ends_with("* session #1 closed: Expired\n"));
    assert!(site.got.values().all(|got| got.ended));
    assert_eq!(site.got[&waiting].status, Some(200));
    assert!(site.calls[0].is_cancelled() && site.endpoint.is_empty());
}

#[test]
fn a_session_too_many_ends_the_one_that_was_idle_for_longest() {
    spec!("SEC-09");
    let mut site = Site::with(|server, _| server.limits.sessions_max = 2);
    site.open(Version::V2025_11_25);
    site.wait(Duration::from_secs(1));
    site.open(Version::V2025_11_25);
    site.wait(Duration::from_secs(1));
    let first = site.sessions[0].1.clone();
    assert_eq!(with_id(&mut site, &first, &legacy("1", "ping", "{}")), Some(200));
    site.post(&[], &initialize("0", "2025-11-25"));
    assert!(site.transcript().contains("* session #2 closed: Evicted"));
    assert_eq!(with_id(&mut site, &first, &legacy("1", "ping", "{}")), Some(200));
}

#[test]
fn a_session_too_many_is_refused_where_none_is_idle_or_none_may_go() {
    for policy in [OverSessions::EndIdle, OverSessions::Refuse] {
        let mut site = Site::with(|server, http| {
            server.limits.sessions_max = 1;
            http.over_sessions = policy;
        });
        site.open(Version::V2025_11_25);
        if policy == OverSessions::EndIdle {
            site.get();
        }
        let refused = site.post(&[], &initialize("0", "2025-11-25"));
        assert_eq!(site.got[&refused].status, Some(503));
        assert_eq!(site.sessions.len(), 1);
    }
}

#[test]
fn one_subject_has_only_so_many_sessions() {
    let mut site = Site::with(|server, _| server.limits.sessions_per_subject_max = 1);
    for (subject, status) in [("a", 200), ("a", 429), ("b", 200), ("b", 429)] {
        site.grant = Arc::new(Grant { subject: Some(subject.into()), ..Grant::default() });
        let exchange = site.post(&[], &initialize("0", "2025-11-25"));
        assert_eq!(site.got[&exchange].status, Some(status));
    }
    site.delete();
    let exchange = site.post(&[], &initialize("0", "2025-11-25"));
    assert_eq!(site.got[&exchange].status, Some(200));
}

#[test]
fn an_application_may_give_the_ids_and_one_that_is_unfit_is_drawn() {
    spec!("SHL-33");
    let texts = Arc::new(["mine", "mine", "not fit", "", "\u{e9}"]);
    let next = Arc::new(AtomicUsize::new(0));
    let give = move |_: &Grant| {
        crate::server::SessionId::new(
            texts[next.fetch_add(1, core::sync::atomic::Ordering::Relaxed)],
        )
    };
    let mut site = Site::with(|_, http| http.session_ids = SessionIds::Given(Arc::new(give)));
    for _ in 0..5 {
        site.open(Version::V2025_11_25);
    }
    let ids: Vec<usize> = site.sessions.iter().map(|(_, id)| id.len()).collect();
    assert_eq!(ids, [4, 36, 36, 36, 36]);
}

#[test]
fn deleting_a_session_ends_all_that_is_open_in_it() {
    let mut site = Site::calling(Version::V2025_11_25);
    site.get();
    site.say(&call("2"));
    site.log(1).unwrap();
    site.forget();
    site.delete();
    insta::assert_snapshot!(site.transcript(), @r#"
    > DELETE #6 Mcp-Session-Id={session 1}
    < #6 204
    < #3 404 {"error":{"code":-32600,"message":"There is no such session"}}
    < #4 end
    < #5 end
    * call #2 cancelled
    * call #3 cancelled
    * session #1 closed: Client
    "#);
    assert!(site.endpoint.is_empty());
}

#[test]
fn an_application_may_end_a_session() {
    let mut site = Site::calling(Version::V2025_11_25);
    let session = site.sessions[0].0;
    site.command(Command::Close { session }).unwrap();
    insta::assert_snapshot!(site.transcript(), @r#"
    < #3 404 {"error":{"code":-32600,"message":"There is no such session"}}
    * call #2 cancelled
    * session #1 closed: Server
    "#);
    assert!(site.endpoint.is_empty());
    assert_eq!(site.command(Command::Close { session }), Err(CommandError::Gone));
}

#[test]
fn many_sessions_that_come_and_go_leave_nothing() {
    let mut site = Site::with(|_, http| http.session_idle = Duration::from_secs(2));
    for _ in 0..1000 {
        site.post(&[], &initialize("0", "2025-11-25"));
        site.wait(Duration::from_millis(1));
    }
    assert_eq!(site.endpoint.sessions().count(), 1000);
    site.wait(Duration::from_secs(2));
    assert!(site.endpoint.is_empty());
}
