//! The document at `/openapi.json` (OpenAPI 3.1): what the handlers do not say themselves.
//!
//! Invariant: every status that a route can answer stands there. The sets of errors below say which layer each comes from.

use std::collections::BTreeMap;

use axum::body::Bytes;
use shared::problem::{FieldError, ProblemBody};
use utoipa::{
    IntoParams, IntoResponses, OpenApi,
    openapi::{
        HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
        content::ContentBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
        schema::{AdditionalProperties, Schema, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

mod answers;

pub(crate) use answers::{AuditPage, Order, OrderPage, Processed, Registered, User, UserPage};

/// The name of the security scheme.
const TOKEN: &str = "token";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "tracechain",
        description = "One request, one trace, through a chain of services with a database each. Every answer names its trace in \
            `traceresponse`; every error is a problem document (RFC 9457) with a stable `code`."
    ),
    tags(
        (name = "chain", description = "Requests that run through the whole chain"),
        (name = "data", description = "What the services have stored"),
        (name = "lab", description = "For looking at how the system behaves")
    ),
    components(schemas(ProblemBody, FieldError))
)]
struct Document;

/// The document without its paths.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The finished document: every answer with the headers that the server's layer gives it, and the token where one is `wanted`.
pub(crate) fn complete(mut document: utoipa::openapi::OpenApi, wanted: bool) -> Bytes {
    if wanted {
        document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, [])]);
    }
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The value of `API_TOKEN` (RFC 6750), where the system has one"));
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer.build()));
    for item in document.paths.paths.values_mut() {
        for (status, response) in
            operations(item).flat_map(|operation| &mut operation.responses.responses)
        {
            if let RefOr::T(response) = response {
                add_headers(status, response);
            }
        }
    }
    let schemas =
        document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    schemas.for_each(allow_further_members);
    // A document of strings, numbers and maps always serializes.
    serde_json::to_vec(&document).unwrap_or_default().into()
}

/// Said aloud, since it is a promise: unknown members are passed on in both directions.
fn allow_further_members(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && !object.properties.is_empty()
    {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn add_headers(status: &str, response: &mut Response) {
    let chain = is_chain(response);
    let mut add = |name: &str, kind: Type, description: &str| {
        let schema = Object::with_type(kind);
        let header =
            HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build();
        response.headers.insert(name.to_owned(), header.into());
    };
    add(
        "traceresponse",
        Type::String,
        "The trace and the span of this answer (W3C Trace Context level 2)",
    );
    add("Server-Timing", Type::String, "`traceparent;desc=\"...\"`: the same, for pages");
    match status {
        "401" => add("WWW-Authenticate", Type::String, "What is wanted (RFC 6750, section 3)"),
        "429" | "503" => add("Retry-After", Type::Integer, "Seconds to wait before the next try"),
        "200" | "201" | "202" if chain => {
            add("Idempotency-Replayed", Type::String, "`true` when the key came before");
        }
        _ => {}
    }
}

/// Whether the answer has come through the chain, which is where a replay is noticed.
fn is_chain(response: &Response) -> bool {
    let chain = ["#/components/schemas/Processed", "#/components/schemas/Registered"];
    let mut schemas = response.content.values().filter_map(|content| match &content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    schemas
        .any(|schema| matches!(schema, RefOr::Ref(to) if chain.contains(&to.ref_location.as_str())))
}

/// The header `Idempotency-Key` of POSTs.
pub(crate) struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some("^[!-~]([ -~]*[!-~])?$"))
            .build();
        let description = "Makes the request safe to repeat: a repeat with the same key answers with the same ids. A UUID becomes \
            the `request_id`, anything else of visible ASCII characters and spaces stands for one. The same key with another body is \
            refused with 422, and with 409 once its order was deleted.";
        // No example: a key that everyone copies would be everyone's same request.
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema));
        vec![header.build()]
    }
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident { $($status:literal: $description:literal,)* })*) => {
        $($(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(($status, $description)),*].into_iter().map(problem).collect()
            }
        })*
    };
}

errors! {
    /// Of every route that calls a service.
    ReadErrors {
        "401": "`API_TOKEN` is set, and the request has not shown it",
        "400": "A parameter in the path, the query or a header is not accepted, or the body is not JSON",
        "429": "Too many requests, as the server in front of the gateway sees it",
        "500": "The gateway failed",
        "502": "A service could not be reached, or its answer was not understood; `service` names it",
        "503": "A service or its database is not available at the moment, or there are too many requests at once",
        "504": "A service did not answer in time; `service` names it",
    }
    /// Of routes with an id in the path.
    IdErrors {
        "404": "There is nothing with this id",
    }
    /// Of routes that change what is stored.
    ConflictErrors {
        "409": "The state of what is stored forbids it: another user has the e-mail address, the order does not change any more, \
            or the idempotency key placed an order that was deleted, which takes a new key",
    }
    /// Of routes with a body.
    BodyErrors {
        "408": "The body did not arrive in time",
        "413": "The body has more than 64 KiB",
        "415": "The body is not `application/json`",
        "422": "The body is not valid; `errors` has a JSON pointer for each field",
    }
    /// Of the task, which calls nobody.
    TaskErrors {
        "401": "`API_TOKEN` is set, and the request has not shown it",
        "400": "`seconds` is not accepted",
        "429": "Too many requests, as the server in front of the gateway sees it",
        "500": "The gateway failed",
        "502": "The gateway could not be reached by the server in front of it",
        "503": "There are too many requests at once, or the gateway starts or stops",
        "504": "The deadline of `x-deadline-ms` came first",
    }
}

/// Of the routes of the chain.
pub(crate) struct ChainErrors;

impl IntoResponses for ChainErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let sets = [ReadErrors::responses(), BodyErrors::responses(), ConflictErrors::responses()];
        sets.into_iter().flatten().collect()
    }
}

fn problem((status, description): (&str, &str)) -> (String, RefOr<Response>) {
    let schema = Ref::from_schema_name("ProblemBody");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content);
    (status.to_owned(), response.build().into())
}
