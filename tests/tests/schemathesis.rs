//! schemathesis asks the running gateway what its OpenAPI document allows and what it forbids, and holds each answer against the document.

use std::time::Duration;

use testbed::{Chain, ChainOptions, External, Service};

const DEADLINE: Duration = Duration::from_secs(300);
const TOKEN: &str = "s3cret";

/// What every answer has to be. That all which the schemas allow is taken is not among it: a key that came with another body, or a
/// cursor that no page gave, is refused.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
    response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth";

#[tokio::test]
async fn no_answer_is_a_5xx_undocumented_or_against_its_schema() {
    if External::SCHEMATHESIS.is_not_run() {
        return;
    }
    let chain = Chain::start(ChainOptions::sqlite().env_all("API_TOKEN", TOKEN)).await;
    let url = format!("{}/openapi.json", chain.url(Service::Gateway));
    let authorization = format!("Authorization: Bearer {TOKEN}");
    let arguments = [
        "run",
        &url,
        "--header",
        &authorization,
        "--checks",
        CHECKS,
        "--phases",
        "examples,coverage,fuzzing",
        // The same questions each time, and a bound on their time.
        "--generation-deterministic",
        "--max-examples",
        "8",
        "--max-time",
        "75",
        "--request-timeout",
        "30",
        // It takes as many seconds as it is told.
        "--exclude-path",
        "/do_task",
        "--continue-on-failure",
        "--no-color",
        "--warnings",
        "off",
        // Several share what CPython 3.11 cannot share.
        "--workers",
        "1",
    ];

    let program = External::SCHEMATHESIS.program().env("PYTHONIOENCODING", "utf-8");
    let mut asked = arguments.into_iter().fold(program, testbed::Program::arg).start();
    let status = asked.wait_exit(DEADLINE).await;

    let said: Vec<_> = asked.lines().into_iter().map(|line| line.text).collect();
    let said = said.join("\n");
    assert!(status.success(), "{said}");
    // That it has asked at all: a hundred questions at the least, about every route but one.
    let tested = |line: &&str| line.trim() == "Tested: 10";
    assert!(said.lines().any(|line| tested(&line)), "{said}");
    let cases = said.lines().find_map(|line| line.trim().split_once(" generated, "));
    let count: u32 = cases.unwrap().0.parse().unwrap();
    assert!(count >= 100, "{said}");
}
