//! Reading a comment of sqlcommenter's form.

/// What a statement's `traceparent` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// The statement before the comment.
    pub(crate) statement: String,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) flags: String,
}

impl Comment {
    /// `None` for a statement without one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (statement, comment) = text.trim_end().split_once(" /*traceparent='")?;
        let traceparent = comment.strip_suffix("'*/")?;
        let parts: Vec<_> = traceparent.split('-').collect();
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        assert_eq!((parts[0], lengths), ("00", vec![2, 32, 16, 2]), "{text}");
        Some(Self {
            statement: statement.to_owned(),
            trace_id: parts[1].to_owned(),
            span_id: parts[2].to_owned(),
            flags: parts[3].to_owned(),
        })
    }
}

#[test]
fn only_a_comment_at_the_end_is_read() {
    let ids = format!("00-{}-{}-01", "ab".repeat(16), "cd".repeat(8));
    let read = Comment::read(&format!("COMMIT /*traceparent='{ids}'*/")).unwrap();
    assert_eq!((read.statement.as_str(), read.flags.as_str()), ("COMMIT", "01"));
    for text in ["COMMIT".to_owned(), format!("/*traceparent='{ids}'*/ COMMIT")] {
        assert_eq!(Comment::read(&text), None);
    }
}
