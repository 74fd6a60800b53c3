//! What is wrong with a contract's file is told in one line: the file, the place, what is accepted.

use std::fs;

use loadgen::verify::contract::Contracts;

const ROOT: &str = "[[span]]\nid = 'a'\nservice = 's'\nkind = 'server'\nname = 'n'\n";

/// The error of a file with this text, without the file's folder.
fn error(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, text).unwrap();
    let error = Contracts::load(std::slice::from_ref(&file)).unwrap_err();
    assert!(shared::config::is_invalid(&error), "{error}");
    let text = error.to_string().replace(&format!("{}/", folder.path().display()), "");
    assert!(!text.contains('\n'), "{text}");
    text
}

#[track_caller]
fn assert_told(cases: &[(String, &str)]) {
    for (text, expected) in cases {
        assert_eq!(error(text), format!("contract mine.toml: {expected}"), "{text}");
    }
}

fn row(more: &str) -> String {
    format!("name = 'x'\n{ROOT}{more}")
}

fn second(more: &str) -> String {
    row(&format!("\n[[span]]\nservice = 's'\nkind = 'client'\nname = 'm'\n{more}"))
}

#[test]
fn what_no_contract_can_hold_is_told_with_its_line_and_what_is_accepted() {
    assert_told(&[
        (
            "name = 'x'\nspan = 1".to_owned(),
            "line 2: invalid type: integer `1`, expected a sequence",
        ),
        ("name = ".to_owned(), "line 1: string values must be quoted, expected literal string"),
        (ROOT.to_owned(), "missing field `name`"),
        (second(""), "line 8: missing field `id`"),
        (
            second("id = 'b'\n[span.attributes]\na = false"),
            "line 14: accepted as an attribute: a text, a number, or true for any value",
        ),
        (
            second("id = 'b'\n[span.when.keyed]\nmin = 'x'"),
            "line 14: invalid type: string \"x\", expected u32",
        ),
        ("name = 'x'".to_owned(), "it has no span; accepted: one [[span]] or more"),
        (
            format!("name = ''\n{ROOT}"),
            "name is empty; accepted: the name that a scenario's step calls it by",
        ),
        (
            row("colour = 'red'"),
            "line 7: unknown field `colour`, expected one of `id`, `service`, `kind`, `name`, `parents`, `root`, `min`, `max`, `status`, `deferred`, `attributes`, `when`",
        ),
        (
            row("status = 'good'"),
            "line 7: unknown variant `good`, expected one of `ok`, `error`, `any`",
        ),
        (
            row("when.sometimes = { min = 0 }"),
            "line 7: unknown variant `sometimes`, expected one of `completed`, `resumed`, `pending`, `replayed`, `keyed`, `unkeyed`, `root`",
        ),
        (
            row("when.keyed = { most = 0 }"),
            "line 7: unknown field `most`, expected one of `min`, `max`, `status`, `attributes`",
        ),
        (
            row("attributes = { a = false }"),
            "line 7: accepted as an attribute: a text, a number, or true for any value",
        ),
    ]);
}

#[test]
fn rows_that_make_no_sense_are_told_with_their_line_and_what_is_accepted() {
    assert_told(&[
        (row("min = 2"), "line 2: span 'a': min is 2 and max is 1; accepted: min up to max"),
        (
            row("when.keyed = { min = 3 }"),
            "line 2: span 'a': min is 3 and max is 1 with when.keyed; accepted: min up to max",
        ),
        (
            row("root = false"),
            "line 2: span 'a': it has no parents and root = false; accepted: parents, or root = true",
        ),
        (
            second("id = 'a'"),
            "line 8: span 'a': another row has this id too; accepted: an id of its own for each row",
        ),
        (
            second("id = 'b'\nparents = ['c']"),
            "line 8: span 'b': parents has 'c', which no row is; accepted: a, b",
        ),
        (
            row("parents = ['a']"),
            "line 2: span 'a': is its own ancestor by parents; accepted: rows that lead up to a root",
        ),
        (
            row("\n[[admit]]\nid = 'r'\nrows = ['c']"),
            "line 8: admit 'r': rows has 'c', which no row is; accepted: a",
        ),
        (
            row("").replace("'server'", "'serve'"),
            "line 5: unknown variant `serve`, expected one of `server`, `client`, `internal`, `producer`, `consumer`",
        ),
        (row("").replace("'n'", "7"), "line 6: accepted as name: a text, or a list of texts"),
    ]);
}

#[test]
fn a_cycle_of_several_rows_is_refused() {
    let below = |id: &str, parent: &str| {
        format!(
            "[[span]]\nid = '{id}'\nservice = 's'\nkind = 'client'\nname = '{id}'\nparents = ['{parent}']\n"
        )
    };
    let text = format!("name = 'x'\n{ROOT}{}{}", below("b", "c"), below("c", "b"));
    assert_eq!(
        error(&text),
        "contract mine.toml: line 7: span 'b': is its own ancestor by parents; accepted: rows that lead up to a root"
    );
}

#[test]
fn a_file_that_is_not_there_or_comes_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.toml"), folder.path().join("two.toml"));
    let missing = Contracts::load(std::slice::from_ref(&one)).unwrap_err();
    assert!(shared::config::is_invalid(&missing));
    assert!(missing.to_string().ends_with("accepted: a TOML file that can be read"), "{missing}");
    let text = format!("name = 'x'\n{ROOT}");
    fs::write(&one, &text).unwrap();
    fs::write(&two, &text).unwrap();
    let twice = Contracts::load(&[one, two]).unwrap_err().to_string();
    assert!(
        twice.contains("name is 'x', which ")
            && twice.ends_with("accepted: one file for each name"),
        "{twice}"
    );
}

/// It is a contract that is the same when it was written and read again, or told in one line.
fn is_read_or_told(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(&file, text).unwrap();
    let Ok(contracts) = Contracts::load(std::slice::from_ref(&file)) else {
        drop(error(text));
        return;
    };
    for name in contracts.names() {
        let written = contracts.get(name).unwrap().to_toml().unwrap();
        fs::write(&file, &written).unwrap();
        let again = Contracts::load(std::slice::from_ref(&file)).unwrap();
        assert_eq!(again.get(name).unwrap().to_toml().unwrap(), written);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]

    #[test]
    fn no_text_is_more_than_a_contract_or_one_line(text in "\\PC{0,60}") {
        is_read_or_told(&text);
    }

    #[test]
    fn no_file_near_a_contract_is_more_than_one_or_one_line(
        name in "[a-z\\\\n\"]{0,3}",
        members in proptest::collection::vec(
            (
                "id|service|kind|name|parent|parents|min|max|status|root|deferred|attributes|when|\"\\PC{0,4}\"",
                "\"([a-z*|{}\\\\n ]{0,8})\"|-?[0-9]{1,19}|\\[(\"[a-z]\")?\\]|\\{ ?(\"[a-z.]{1,6}\" = (\"[a-z*]{0,3}\"|1|true))? ?\\}|true",
            ),
            0..4,
        ),
        table in "span|admit|else",
    ) {
        let mut text = format!("name = \"{name}\"\n{ROOT}\n[[{table}]]\n");
        if table == "span" {
            text += "service = 's'\nkind = 'client'\n";
        }
        for (name, value) in members {
            text += &format!("{name} = {value}\n");
        }
        is_read_or_told(&text);
    }
}
