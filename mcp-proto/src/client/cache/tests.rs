//! What is kept, for how long, and what makes room.

use super::*;

fn key(members: &str) -> CacheKey {
    CacheKey::of("resources/read", members, &CallOptions::default()).unwrap()
}

fn numbered(n: usize) -> CacheKey {
    key(&format!(r#""uri":"a:{n}""#))
}

fn at(millis: u64) -> Instant {
    Instant::from_zero(Duration::from_millis(millis))
}

fn result(text: &str) -> Json {
    Json::text(text)
}

#[test]
fn the_key_is_what_the_parameters_mean() {
    assert_eq!(key(r#""a":1,"uri":"x""#), key(r#""uri" : "\u0078","a":1"#));
    assert_ne!(key(r#""uri":"x""#), key(r#""uri":"y""#));
    let all_pages = CallOptions { all_pages: true, ..CallOptions::default() };
    assert_eq!(CacheKey::of("tools/list", "", &all_pages), None);
    assert_eq!(CacheKey::of("tools/call", "", &CallOptions::default()), None);
}

#[test]
fn what_is_nearest_to_its_end_makes_room() {
    let mut cache = Cache::new(2, 1000);
    cache.put(at(0), numbered(1), result("1"), 500);
    cache.put(at(0), numbered(2), result("2"), 100);
    cache.put(at(0), numbered(3), result("3"), 200);
    assert_eq!(cache.get(at(0), &numbered(1)), Some(result("1")));
    assert_eq!(cache.get(at(0), &numbered(2)), None);
    assert_eq!(cache.get(at(0), &numbered(3)), Some(result("3")));
    cache.put(at(0), numbered(3), result("4"), 200);
    assert_eq!(
        cache.get(at(0), &numbered(1)),
        Some(result("1")),
        "one more of the same is not more"
    );
}

#[test]
fn bytes_are_bounded_and_counted_exactly() {
    let mut cache = Cache::new(100, 200);
    for round in 0..50 {
        for n in 0..10 {
            cache.put(at(round), numbered(n), result(&"x".repeat(n * 10)), 1000);
            let kept: usize = cache
                .entries
                .iter()
                .map(|(key, entry)| key.byte_len() + entry.result.as_str().len())
                .sum();
            assert_eq!(cache.bytes, kept);
            assert!(kept <= 200);
        }
        assert!(!cache.entries.is_empty());
    }
    cache.put(at(0), numbered(1), result(&"x".repeat(300)), 1000);
    assert_eq!(cache.get(at(0), &numbered(1)), None, "larger than all there may be");
    let mut none = Cache::new(0, 1000);
    none.put(at(0), numbered(1), result("1"), 1000);
    assert_eq!(none.get(at(0), &numbered(1)), None);
}

#[test]
fn a_long_life_never_ends_early() {
    let mut cache = Cache::new(1, 1000);
    cache.put(at(5), numbered(1), result("1"), u64::MAX);
    assert_eq!(cache.get(at(u64::MAX / 2), &numbered(1)), Some(result("1")));
}

#[test]
fn a_change_of_a_resource_is_one_of_what_holds_it_and_of_what_it_holds() {
    for (read, changed, stale) in [
        ("f:/a", "f:/a", true),
        ("f:/a", "f:/a/b", true),
        ("f:/a/b", "f:/a", true),
        ("f:/a", "f:/b", false),
        ("f:/\\u0061", "f:/a", true),
    ] {
        let mut cache = Cache::new(10, 1000);
        let read = key(&format!(r#""uri":"{read}""#));
        cache.put(at(0), read.clone(), result("1"), 1000);
        cache.forget_resource(changed);
        assert_eq!(cache.get(at(0), &read).is_none(), stale, "{changed}");
        assert_eq!(cache.bytes == 0, stale);
    }
}

#[test]
fn a_change_of_a_list_is_one_of_its_pages() {
    let of = |method| CacheKey::of(method, r#""cursor":"x""#, &CallOptions::default()).unwrap();
    let methods = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    for (list, stale) in [
        (List::Tools, [true, false, false, false]),
        (List::Prompts, [false, true, false, false]),
        (List::Resources, [false, false, true, true]),
    ] {
        let mut cache = Cache::new(10, 1000);
        for method in methods {
            cache.put(at(0), of(method), result("1"), 1000);
        }
        cache.forget_list(list);
        assert_eq!(methods.map(|method| cache.get(at(0), &of(method)).is_none()), stale);
    }
}
