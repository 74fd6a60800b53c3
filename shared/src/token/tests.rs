use super::*;

fn shown(values: &[&[u8]]) -> Shown {
    let token: ApiToken = "S3cret.token~+/-_==".parse().unwrap();
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
    }
    token.shown_in(&headers)
}

#[test]
fn the_scheme_is_bearer_in_any_case_and_the_token_is_exact() {
    for right in [
        "Bearer S3cret.token~+/-_==",
        "bearer S3cret.token~+/-_==",
        "BEARER   S3cret.token~+/-_== ",
    ] {
        assert_eq!(shown(&[right.as_bytes()]), Shown::Right, "{right}");
    }
    for wrong in [
        "Bearer s3cret.token~+/-_==",
        "Bearer S3cret.token~+/-_=",
        "Bearer S3cret.token~+/-_==x",
        "Bearer",
        "Bearer ",
        "S3cret.token~+/-_==",
        "BearerS3cret.token~+/-_==",
        "Basic S3cret.token~+/-_==",
        "",
    ] {
        assert_eq!(shown(&[wrong.as_bytes()]), Shown::Wrong, "{wrong}");
    }
    assert_eq!(shown(&[b"Bearer \xff\xfe"]), Shown::Wrong);
}

#[test]
fn one_of_several_headers_is_nobodys_token() {
    assert_eq!(shown(&[]), Shown::Nothing);
    assert_eq!(shown(&[b"Bearer S3cret.token~+/-_==", b"Bearer x"]), Shown::Wrong);
    assert_eq!(
        shown(&[b"Bearer S3cret.token~+/-_==", b"Bearer S3cret.token~+/-_=="]),
        Shown::Wrong
    );
}

#[test]
fn what_a_header_could_not_carry_is_no_token_and_none_is_shown() {
    for refused in ["", "=", "a b", "a\n", "ä", "a=b", "\"quoted\"", &"x".repeat(4097)] {
        let error = refused.parse::<ApiToken>().unwrap_err();
        assert!(error.starts_with("accepted: 1 to 4096 characters"), "{error}");
    }
    let token: ApiToken = "s3cret".parse().unwrap();
    assert_eq!(format!("{token:?}"), "(not shown)");
    assert_eq!(format!("{:?}", token.bearer()), "Sensitive");
}

#[test]
fn a_browser_sends_it_as_a_password() {
    let token: ApiToken = "s3cret".parse().unwrap();
    let shown = |pairs: &[&str]| {
        let value = |pair| format!("Basic {}", BASE64_STANDARD.encode(pair)).parse().unwrap();
        let mut headers = HeaderMap::new();
        for pair in pairs {
            headers.append(header::AUTHORIZATION, value(pair));
        }
        token.shown_as_password(&headers)
    };
    let password = |pair| shown(&[pair]);
    assert!(password("any:s3cret") && password(":s3cret"));
    assert!(
        !password("s3cret")
            && !password("s3cret:")
            && !password("any:other")
            && !password("a:b:s3cret")
    );
    assert!(!shown(&["any:s3cret", "any:other"]), "one of several is nobody's");
}
