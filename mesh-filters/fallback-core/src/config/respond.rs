//! The answer of a rule, made ready to send once.

use super::Error;
use super::field::{Field, Object};
use crate::grpc;
use serde_json::json;

/// Fields that belong to the proxy: they follow from the body or from the connection.
const NOT_CONFIGURABLE: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Respond {
    pub(crate) status: u16,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) grpc: GrpcReply,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// As configured, maybe empty.
    Plain(Vec<u8>),
    /// An RFC 9457 object without its closing brace, so that the trace id can be added.
    Problem(Vec<u8>),
}

/// What a gRPC caller gets instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcReply {
    /// 1..=16: never OK, which would promise a message.
    pub(crate) status: u32,
    pub(crate) message: String,
}

pub(super) fn parse(field: &Field<'_>) -> Result<Respond, Error> {
    let object = field.object(&["status", "headers", "body", "problem", "retry_after", "grpc"])?;
    let status = object.required("status")?.integer(200..=599)? as u16;
    let problem = object
        .get("problem")
        .map(|field| Problem::parse(&field))
        .transpose()?;
    let mut headers = object
        .get("headers")
        .map(|field| headers(&field))
        .transpose()?
        .unwrap_or_default();
    if let Some(retry_after) = object.get("retry_after") {
        put(
            &mut headers,
            "retry-after",
            retry_after.seconds(1..=86_400)?.to_string(),
        );
    }
    if problem.is_some() {
        put(&mut headers, "content-type", "application/problem+json".into());
    }
    let grpc = match object.get("grpc") {
        Some(field) => grpc_reply(&field)?,
        None => GrpcReply {
            status: grpc::from_http(status),
            message: problem
                .as_ref()
                .map_or_else(|| "upstream unavailable".into(), |problem| problem.title.clone()),
        },
    };
    Ok(Respond {
        status,
        headers,
        body: body(&object, status, problem)?,
        grpc,
    })
}

fn put(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(field, _)| field != name);
    headers.push((name.to_owned(), value));
}

fn body(object: &Object<'_>, status: u16, problem: Option<Problem>) -> Result<Body, Error> {
    let body = match (object.get("body"), problem) {
        (Some(field), Some(_)) => return Err(field.error("cannot stand beside problem")),
        (Some(field), None) => Body::Plain(field.text()?.as_bytes().to_vec()),
        (None, Some(problem)) => Body::Problem(problem.open_json(status)),
        (None, None) => Body::Plain(Vec::new()),
    };
    match body {
        Body::Plain(bytes) if bytes.is_empty() => Ok(Body::Plain(bytes)),
        _ if matches!(status, 204 | 205 | 304) => Err(object.error("a response of this status has no body")),
        body => Ok(body),
    }
}

struct Problem {
    r#type: String,
    title: String,
    detail: Option<String>,
}

impl Problem {
    fn parse(field: &Field<'_>) -> Result<Self, Error> {
        let object = field.object(&["type", "title", "detail"])?;
        let text = |field: Field<'_>| field.text().map(str::to_owned);
        Ok(Self {
            r#type: text(object.required("type")?)?,
            title: text(object.required("title")?)?,
            detail: object.get("detail").map(text).transpose()?,
        })
    }

    fn open_json(&self, status: u16) -> Vec<u8> {
        let mut object = json!({"type": self.r#type, "title": self.title, "status": status});
        if let (Some(detail), Some(map)) = (&self.detail, object.as_object_mut()) {
            map.insert("detail".into(), detail.as_str().into());
        }
        let mut text = object.to_string();
        text.truncate(text.len().saturating_sub(1));
        text.into_bytes()
    }
}

fn headers(field: &Field<'_>) -> Result<Vec<(String, String)>, Error> {
    let header = |(name, value): (&str, Field<'_>)| {
        let text = value.text()?;
        let name = name.to_ascii_lowercase();
        if name.is_empty() || !name.bytes().all(super::is_token_byte) {
            return Err(value.error("is not the name of a header field"));
        }
        if NOT_CONFIGURABLE.contains(&name.as_str()) {
            return Err(value.error("is set by the proxy"));
        }
        match text
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
        {
            true => Ok((name, text.to_owned())),
            false => Err(value.error("must be printable ASCII")),
        }
    };
    field.entries()?.into_iter().map(header).collect()
}

fn grpc_reply(field: &Field<'_>) -> Result<GrpcReply, Error> {
    let object = field.object(&["status", "message"])?;
    let status = object.required("status")?;
    let code = match status.text() {
        Ok(name) => {
            grpc::code(name).ok_or_else(|| status.error("must be a gRPC status such as UNAVAILABLE"))?
        }
        Err(_) => status.integer(1..=16)?,
    };
    let message = object
        .get("message")
        .map(|field| field.text().map(str::to_owned))
        .transpose()?;
    Ok(GrpcReply {
        status: code,
        message: message.unwrap_or_else(|| "upstream unavailable".into()),
    })
}
