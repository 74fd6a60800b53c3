use super::*;

fn reading(text: &str) -> Reading {
    Reading::of(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn requests(path: &str, count: u32) -> String {
    format!("http_requests_total{{endpoint=\"{path}\",status_code=\"200\"}} {count}\n")
}

/// What the second of two reads, ten seconds apart, adds.
fn between(first: &str, second: &str) -> Increase {
    // Watched from later on than any of them began.
    let mut since = Since::new(1_000);
    assert_eq!(
        since.point(1_000, Ok(reading(first))).0.increase,
        None,
        "the first has nothing before it"
    );
    *since.point(11_000, Ok(reading(second))).0.increase.unwrap()
}

#[test]
fn a_counter_that_went_on_adds_its_difference_and_a_new_series_all_of_itself() {
    let increase = between(&requests("/a", 100), &(requests("/a", 130) + &requests("/b", 7)));
    assert_eq!((increase.seconds, increase.requests), (10.0, 37.0));
}

#[test]
fn a_series_that_began_again_adds_what_it_has_though_the_sum_went_up() {
    let first = requests("/a", 100) + &requests("/b", 10);
    let second = requests("/a", 5) + &requests("/b", 300);
    assert_eq!(between(&first, &second).requests, 295.0);
}

#[test]
fn a_process_that_began_again_adds_all_though_no_counter_went_down() {
    let process = |began: u32, count| {
        format!("process_start_time_seconds {began}\n{}", requests("/a", count))
    };
    let increase = between(&process(0, 10), &process(7, 30));
    assert_eq!(
        (increase.requests, increase.seconds),
        (30.0, 4.0),
        "in the four seconds that it is there"
    );
}

#[test]
fn a_process_that_began_under_our_eyes_adds_what_it_did_before_its_first_read() {
    let text = |began: u32| format!("process_start_time_seconds {began}\n{}", requests("/a", 8));
    let mut since = Since::new(5_000);
    let (down, reason) = since.point(6_000, Err(NotRead::Down("refused".to_owned())));
    assert_eq!((down.outcome, reason.as_deref()), (Outcome::Down, Some("refused")));
    let increase = since.point(11_000, Ok(reading(&text(9)))).0.increase.unwrap();
    assert_eq!((increase.requests, increase.seconds), (8.0, 2.0));

    let older = Since::new(5_000).point(11_000, Ok(reading(&text(4)))).0;
    assert_eq!(older.increase, None, "nobody knows when it counted them");
}

#[test]
fn after_a_gap_the_increase_is_over_all_of_it() {
    let mut since = Since::new(0);
    since.point(1_000, Ok(reading(&requests("/a", 10))));
    let (gap, _) = since.point(6_000, Err(NotRead::NotServed));
    assert_eq!((gap.outcome, gap.increase), (Outcome::NotServed, None), "not a zero");
    let increase = since.point(21_000, Ok(reading(&requests("/a", 30)))).0.increase.unwrap();
    assert_eq!((increase.requests, increase.seconds), (20.0, 20.0));
}

#[test]
fn buckets_are_added_over_series_and_told_each_for_itself() {
    let buckets = |path: &str, counts: [u32; 3]| {
        ["0.1", "0.5", "+Inf"].iter().zip(counts).fold(String::new(), |text, (bound, count)| {
            text + &format!("http_request_duration_seconds_bucket{{endpoint=\"{path}\",le=\"{bound}\"}} {count}\n")
        })
    };
    let first = buckets("/a", [1, 2, 2]) + &buckets("/b", [0, 0, 0]);
    let second = buckets("/a", [5, 8, 9]) + &buckets("/b", [0, 1, 3]);
    let increase = between(&first, &second);
    let http = increase.histograms[0].as_ref().unwrap();
    assert_eq!(*http.bounds, [0.1, 0.5, f64::INFINITY]);
    assert_eq!(*http.counts, [4, 3, 3]);
    assert_eq!(increase.histograms[1], None);
}

#[test]
fn errors_and_spans_are_told_apart() {
    let text = |n: u32| {
        let status = |code: u32, count: u32| {
            format!("http_requests_total{{status_code=\"{code}\"}} {count}\n")
        };
        status(200, 10 * n)
            + &status(404, 2 * n)
            + &status(503, n)
            + &format!(
                "otel_sdk_spans_ended_total {}\notel_sdk_spans_exported_total {}\n",
                9 * n,
                8 * n
            )
            + &format!("otel_sdk_spans_failed_total {n}\n")
    };
    let increase = between(&text(1), &text(2));
    assert_eq!(
        (increase.requests, increase.client_errors, increase.server_errors),
        (13.0, 2.0, 1.0)
    );
    assert_eq!(increase.spans, [9.0, 8.0, 1.0, 0.0]);
}
