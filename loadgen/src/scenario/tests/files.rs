//! What is wrong with a file is told.

use super::*;

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place_and_what_is_accepted() {
    let step = "[[step]]\nmethod = 'GET'\npath = '/'\n";
    let second = |lines: &str| format!("{step}\n[[step]]\n{lines}");
    let cases = [
        (String::new(), "own.toml: missing field `step`"),
        ("step = []".to_owned(), "it has no step; accepted: one [[step]] or more"),
        (format!("{step}wieght = 2"), "line 4: unknown field `wieght`, expected one of `name`"),
        ("steps = 1".to_owned(), "line 1: unknown field `steps`, expected `step`"),
        ("[[step]\n".to_owned(), "line 1: "),
        (format!("{step}weight = -1"), "line 4: invalid value: integer `-1`"),
        (second("method = 'get'\npath = '/'"), "line 5: step 2: method is 'get'; accepted: GET, "),
        (
            second("method = 'GET'\npath = 'x'"),
            "line 5: step 2: path is 'x'; accepted: a path that",
        ),
        (second("method = 'GET'\npath = '/a b'"), "step 2: path is '/a b'; accepted"),
        (second("method = 'GET'\npath = '/a#b'"), "step 2: path is '/a#b'; accepted"),
        (
            second("method = 'GET'\npath = '/{{n}}'"),
            "path: '{{n}}' is not known; accepted: {{seq}}",
        ),
        (second("method = 'GET'\npath = '/b'\nweight = 0"), "weight is 0; accepted: 1 to 1000000"),
        (second("method = 'GET'\npath = '/b'\nexpect = []"), "expect is empty; accepted: statuses"),
        (second("method = 'GET'\npath = '/b'\nexpect = [99]"), "expect has 99; accepted: statuses"),
        (second("method = 'GET'\npath = '/b'\nname = ''"), "name is ''; accepted: 1 to 100"),
        (
            second("method = 'GET'\npath = '/b'\ncontract = ''"),
            "contract is ''; accepted: the name",
        ),
        (
            second("method = 'GET'\npath = '/'"),
            "line 5: step 2: has the name 'GET /', as step 1 has; accepted",
        ),
        (second("method = 'PUT'\npath = '/'\nbody = '{'"), "step 2: body is not JSON (EOF"),
        (second("method = 'PUT'\npath = '/'\nbody = 1"), "body is '1'; accepted: a table"),
        (second("method = 'PUT'\npath = '/'\nheaders = {'a b'='c'}"), "header 'a b'; accepted"),
        (
            second("method = 'PUT'\npath = '/'\nheaders = {traceparent='c'}"),
            "header 'traceparent' is set by loadgen itself; accepted: any other header",
        ),
        (
            second("method = 'PUT'\npath = '/'\nheaders = {a=\"b\\nc\"}"),
            "the value of header 'a'; accepted: visible ASCII characters",
        ),
    ];
    for (text, said) in cases {
        let error = refusal(&text, &[]);
        assert!(error.starts_with("scenario own.toml: "), "{error}");
        assert!(error.contains(said), "{text}\nis refused by: {error}\nand not by: {said}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_own_line() {
    let step = "[[step]]\nmethod = 'GET'\npath = '/'\n\n[[step]]\n";
    for (lines, said) in [
        ("path = '/'", "line 5: missing field `method`"),
        ("method = 'GET'\npath = 7", "line 7: invalid type: integer `7`"),
        ("method = 'GET'\npath = '/'\nexpect = ['x']", "line 8: invalid type: string"),
        ("method = 'GET'\npath = '/'\n[step.headers]\na = 1", "line 9: invalid type: integer `1`"),
    ] {
        let error = refusal(&format!("{step}{lines}"), &[]);
        assert!(error.starts_with(&format!("scenario own.toml: {said}")), "{error}");
    }
    let error = refusal("# nothing\n# here\n", &[]);
    assert_eq!(error, "scenario own.toml: missing field `step`");
}

#[test]
fn a_scenario_that_is_neither_built_in_nor_a_file_is_refused() {
    let error = Scenario::load(&args(&["--scenario", "mixd"])).unwrap_err();
    assert!(error.is::<Invalid>());
    assert!(error.to_string().starts_with("--scenario is 'mixd', which is neither built in nor"));
    assert!(
        error.to_string().ends_with("accepted: process, register, mixed, or a TOML file of steps")
    );
}

proptest::proptest! {
    #[test]
    fn no_text_as_a_file_makes_it_panic_and_what_is_refused_is_told_in_one_line(text in "\\PC{0,60}") {
        if let Err(said) = from_text(&text, &[]) {
            proptest::prop_assert_eq!(said.to_string().lines().count(), 1, "{:?}", said);
        }
    }

    #[test]
    fn no_file_near_a_scenario_makes_it_panic_and_what_is_refused_is_told_in_one_line(
        members in proptest::collection::vec(
            (
                "name|method|path|weight|expect|contract|headers|body|body\\.\"[a-z\n]{0,3}\"|\"\\PC{0,4}\"",
                "\"(/?[a-z$\\{\\}(),.0-9%\\\\n ]{0,24})\"|-?[0-9]{1,19}|\\[[0-9, ]{0,8}\\]|\\{ ?(\"[a-z-]{1,6}\" = \"[a-z$\\{\\}]{0,8}\")? ?\\}|true|nan",
            ),
            0..6,
        ),
        whole in proptest::bool::ANY,
    ) {
        let mut text = "[[step]]\n".to_owned();
        if whole {
            text += "method = \"POST\"\npath = \"/a\"\n";
        }
        for (name, value) in members {
            text += &format!("{name} = {value}\n");
        }
        match from_text(&text, &[]) {
            Ok(scenario) => drop(wire(&scenario.request(0))),
            Err(said) => {
                proptest::prop_assert_eq!(said.to_string().lines().count(), 1, "{:?} of {}", said, text);
            }
        }
    }
}
