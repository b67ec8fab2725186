//! What the gateway adds to every operation: tokens, rate limits, limits of size and time, and what it says in the place
//! of a service that does not answer (`istio/problems.yaml`, `istio/filters.yaml`).

use serde_json::{Value, json};

const PROBLEM: &str = "application/problem+json";

/// A problem that the gateway tells by itself.
struct Refusal {
    status: &'static str,
    /// As a reusable answer of the document.
    name: &'static str,
    kind: &'static str,
    title: &'static str,
}

/// Of any request.
const ANY: [Refusal; 7] = [
    Refusal {
        status: "400",
        name: "BadRequest",
        kind: "https://holdfast.dev/problems/bad-request",
        title: "The request is malformed",
    },
    Refusal {
        status: "429",
        name: "QuotaExceeded",
        kind: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        title: "Quota exceeded",
    },
    Refusal {
        status: "431",
        name: "HeadersTooLarge",
        kind: "https://holdfast.dev/problems/headers-too-large",
        title: "The header fields are too large",
    },
    Refusal {
        status: "500",
        name: "Internal",
        kind: "https://holdfast.dev/problems/internal",
        title: "Internal error",
    },
    Refusal {
        status: "502",
        name: "BadGateway",
        kind: "https://holdfast.dev/problems/bad-gateway",
        title: "The answer of a service was not understood",
    },
    Refusal {
        status: "503",
        name: "Unavailable",
        kind: "https://holdfast.dev/problems/unavailable",
        title: "Service unavailable",
    },
    Refusal {
        status: "504",
        name: "Timeout",
        kind: "https://holdfast.dev/problems/timeout",
        title: "The request took too long",
    },
];
/// Of a request that needs a token.
const TOKEN: Refusal = Refusal {
    status: "401",
    name: "Unauthenticated",
    kind: "https://holdfast.dev/problems/unauthenticated",
    title: "A valid token is required",
};
/// Of a request that needs a role.
const ROLE: Refusal = Refusal {
    status: "403",
    name: "Forbidden",
    kind: "https://holdfast.dev/problems/forbidden",
    title: "This caller may not do this",
};

/// Adds to each operation what the gateway may answer.
pub(super) fn add(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.filter_map(|(_, item)| item.as_object_mut()).flatten();
    for (_, operation) in operations {
        add_to(operation);
    }
    for refusal in ANY.iter().chain([&TOKEN, &ROLE]) {
        document["components"]["responses"][refusal.name] = response(refusal);
    }
}

fn add_to(operation: &mut Value) {
    let answers = operation["responses"].as_object_mut().into_iter().flatten();
    for (status, answer) in answers {
        add_headers(status, answer);
    }
    for refusal in &ANY {
        tell(operation, refusal);
    }
    let roles = operation["security"][0]["bearer"].as_array().cloned();
    if let Some(roles) = roles {
        tell(operation, &TOKEN);
        if !roles.is_empty() {
            tell(operation, &ROLE);
        }
    }
}

fn headers(status: &str) -> Vec<(&'static str, Value)> {
    let text = |description| json!({"description": description, "schema": {"type": "string"}});
    let seconds = json!({
        "description": "In how many seconds to try again.",
        "schema": {"type": "integer", "minimum": 0},
    });
    let mut headers = vec![("RateLimit", text("What is left of each limit, and until when."))];
    match status {
        "401" => headers.push(("WWW-Authenticate", text("How to be let in."))),
        "429" => {
            headers.push(("RateLimit-Policy", text("The limits that apply.")));
            headers.push(("Retry-After", seconds));
        }
        "503" | "504" => headers.push(("Retry-After", seconds)),
        _ => {}
    }
    headers
}

/// Adds a kind of problem to the answers of an operation.
fn tell(operation: &mut Value, refusal: &Refusal) {
    let answer = &mut operation["responses"][refusal.status];
    if answer.is_null() {
        *answer = json!({"$ref": format!("#/components/responses/{}", refusal.name)});
        return;
    }
    let schema = &mut answer["content"][PROBLEM]["schema"];
    let kinds = &mut schema["allOf"][1]["properties"]["type"]["enum"];
    let kind = Value::from(refusal.kind);
    if let Some(kinds) = kinds.as_array_mut().filter(|kinds| !kinds.contains(&kind)) {
        kinds.push(kind);
    }
}

fn response(refusal: &Refusal) -> Value {
    let Refusal {
        status, kind, title, ..
    } = refusal;
    let mut response = json!({"description": title, "content": {PROBLEM: {
        "schema": {"allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"type": {"type": "string", "enum": [kind]}}},
        ]},
        "example": {
            "type": kind, "title": title, "status": status.parse::<u16>().unwrap_or_default(),
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
    }}});
    add_headers(status, &mut response);
    response
}

fn add_headers(status: &str, response: &mut Value) {
    for (name, header) in headers(status) {
        response["headers"][name] = header;
    }
}
