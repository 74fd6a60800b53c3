//! One step of a scenario: checked and parsed at the start, so that nothing can fail later.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, uri::PathAndQuery};
use shared::names::header::IDEMPOTENCY_KEY;

use super::{
    body,
    file::StepTable,
    template::{Slot, Template, Values},
};
use crate::cli::{RequestArgs, is_reserved};

/// What is known of a step before any request.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, which no other step has.
    pub name: Arc<str>,
    /// Its method.
    pub method: Method,
    /// Its path with placeholders as `{seq}` and without query, for the names of spans.
    pub template: Arc<str>,
    /// The contract that its traces are held against.
    pub contract: Option<Arc<str>>,
    /// The statuses that are no errors; empty: any of 2xx.
    pub expected: Arc<[u16]>,
    /// Whether it sends an `Idempotency-Key`; `None` where that key is of the step's own making.
    pub keyed: Option<bool>,
}

/// A step with what its requests are made of.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) step: Step,
    pub(super) weight: u64,
    pub(super) path: Template,
    /// Headers that are the same in every request.
    pub(super) fixed_headers: HeaderMap,
    /// Headers with placeholders.
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Body,
    pub(super) key: Key,
}

/// A request's body.
#[derive(Debug)]
pub(super) enum Body {
    /// The same in every request, perhaps empty.
    Fixed(Bytes),
    Template(Template),
}

/// Where a request's `Idempotency-Key` comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    /// There is none, or it is no UUID that one knows.
    None,
    /// `--reconcile` adds one.
    Added,
    /// The step's own header is `{{uuid}}`.
    Uuid,
}

/// What a step may weigh, compared to the others.
const MAX_WEIGHT: u32 = 1_000_000;

impl Compiled {
    /// Checks and parses a step.
    ///
    /// # Errors
    /// What is wrong, by the member's name, with what is accepted.
    pub(super) fn new(table: StepTable, args: &RequestArgs) -> Result<Self, String> {
        let method = method(&table.method)?;
        let path = path(&table.path)?;
        let template = path.shown();
        let template = template.split_once('?').map_or(&*template, |(path, _)| path);
        let (fixed_headers, headers) = headers(&table, args)?;
        if !(1..=MAX_WEIGHT).contains(&table.weight) {
            return Err(format!("weight is {}; accepted: 1 to {MAX_WEIGHT}", table.weight));
        }
        let key = key(&method, &fixed_headers, &headers, args.reconcile)?;
        let step = Step {
            name: name(&table, template)?,
            template: template.into(),
            contract: contract(table.contract.as_deref())?,
            expected: expected(table.expect)?,
            keyed: match key {
                Key::Added | Key::Uuid => Some(true),
                Key::None if sends_key(&fixed_headers, &headers) => None,
                Key::None => Some(false),
            },
            method,
        };
        let body = body_of(table.body.as_ref())?;
        Ok(Self { step, weight: table.weight.into(), path, fixed_headers, headers, body, key })
    }
}

fn sends_key(fixed: &HeaderMap, headers: &[(HeaderName, Template)]) -> bool {
    fixed.contains_key(IDEMPOTENCY_KEY) || headers.iter().any(|(name, _)| *name == IDEMPOTENCY_KEY)
}

fn method(text: &str) -> Result<Method, String> {
    const ACCEPTED: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    let method = ACCEPTED.contains(&text).then(|| text.parse().ok()).flatten();
    method.ok_or_else(|| format!("method is '{text}'; accepted: {}", ACCEPTED.join(", ")))
}

fn path(text: &str) -> Result<Template, String> {
    let template = Template::parse(text).map_err(|wrong| format!("path: {wrong}"))?;
    let example = template.text(&Values::EXAMPLE);
    let parsed = example.parse::<PathAndQuery>();
    let kept = parsed.is_ok_and(|parsed| parsed.as_str() == example);
    if !kept || !example.starts_with('/') {
        return Err(format!(
            "path is '{text}'; accepted: a path that begins with / and perhaps a query, percent-encoded, such as /orders?limit=20"
        ));
    }
    Ok(template)
}

fn name(table: &StepTable, template: &str) -> Result<Arc<str>, String> {
    match &table.name {
        None => Ok(format!("{} {template}", table.method).into()),
        Some(name) if is_name(name) => Ok(name.as_str().into()),
        Some(name) => Err(format!("name is '{name}'; accepted: 1 to 100 printable characters")),
    }
}

fn contract(name: Option<&str>) -> Result<Option<Arc<str>>, String> {
    match name {
        Some(name) if !is_name(name) => {
            Err(format!("contract is '{name}'; accepted: the name of a contract"))
        }
        name => Ok(name.map(Arc::from)),
    }
}

fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn expected(statuses: Option<Vec<u16>>) -> Result<Arc<[u16]>, String> {
    const ACCEPTED: &str = "accepted: statuses from 200 to 599; without it any of 2xx";
    let Some(statuses) = statuses else { return Ok(Arc::default()) };
    if statuses.is_empty() {
        return Err(format!("expect is empty; {ACCEPTED}"));
    }
    match statuses.iter().find(|status| !(200..600).contains(*status)) {
        Some(wrong) => Err(format!("expect has {wrong}; {ACCEPTED}")),
        None => Ok(statuses.into()),
    }
}

fn body_of(body: Option<&toml::Value>) -> Result<Body, String> {
    let Some(body) = body else { return Ok(Body::Fixed(Bytes::new())) };
    let template = body::parse(body).map_err(|wrong| format!("body {wrong}"))?;
    Ok(match template.fixed() {
        Some(text) => Body::Fixed(Bytes::copy_from_slice(text.as_bytes())),
        None => Body::Template(template),
    })
}

type Headers = (HeaderMap, Vec<(HeaderName, Template)>);

/// The step's headers win over those of the command line, and -H over the token.
fn headers(table: &StepTable, args: &RequestArgs) -> Result<Headers, String> {
    let mut own = HeaderMap::new();
    let mut templates = Vec::new();
    for (name, text) in &table.headers {
        let (name, template) = header_template(name, text)?;
        match template.fixed() {
            Some(_) => {
                // Just found to be a header's value.
                own.extend(header_value(&template, &Values::EXAMPLE).map(|value| (name, value)));
            }
            None => templates.push((name, template)),
        }
    }
    let taken: Vec<HeaderName> =
        own.keys().chain(templates.iter().map(|(name, _)| name)).cloned().collect();
    for given in args.headers.iter().filter(|given| !taken.contains(&given.name)) {
        own.append(given.name.clone(), given.value.clone());
    }
    let mut default = |name: HeaderName, value: HeaderValue| {
        if !taken.contains(&name) {
            own.entry(name).or_insert(value);
        }
    };
    if let Some(token) = &args.token {
        default(header::AUTHORIZATION, token.0.clone());
    }
    if table.body.is_some() {
        default(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok((own, templates))
}

fn header_template(name: &str, text: &str) -> Result<(HeaderName, Template), String> {
    let parsed: Option<HeaderName> = name.parse().ok();
    let parsed =
        parsed.ok_or_else(|| format!("header '{name}'; accepted: the name of an HTTP header"))?;
    if is_reserved(&parsed) {
        return Err(format!(
            "header '{name}' is set by loadgen itself; accepted: any other header"
        ));
    }
    let template = Template::parse(text).map_err(|wrong| format!("header '{name}': {wrong}"))?;
    if !text.is_ascii() || header_value(&template, &Values::EXAMPLE).is_none() {
        return Err(format!("the value of header '{name}'; accepted: visible ASCII characters"));
    }
    Ok((parsed, template))
}

/// The value of a header; `None` where it cannot be one, which is found out at the start.
pub(super) fn header_value(template: &Template, values: &Values) -> Option<HeaderValue> {
    HeaderValue::try_from(template.text(values)).ok()
}

fn key(
    method: &Method,
    fixed: &HeaderMap,
    templates: &[(HeaderName, Template)],
    reconcile: bool,
) -> Result<Key, String> {
    let template = templates.iter().find(|(name, _)| name == IDEMPOTENCY_KEY);
    match template.map(|(_, template)| template.only()) {
        _ if method != Method::POST => Ok(Key::None),
        Some(Some(Slot::Uuid)) => Ok(Key::Uuid),
        None if !fixed.contains_key(&IDEMPOTENCY_KEY) => {
            Ok(if reconcile { Key::Added } else { Key::None })
        }
        _ if reconcile => Err("header 'idempotency-key' beside --reconcile; accepted: {{uuid}} alone, or no such header"
            .to_owned()),
        _ => Ok(Key::None),
    }
}
