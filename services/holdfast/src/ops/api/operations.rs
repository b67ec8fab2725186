//! Operations on many letters, as resources; and how far consumers are behind.

use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use holdfast_platform::problem::{INVALID_REQUEST, Problem, ValidJson, ValidPath};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Api;
use super::caller::Staff;
use super::problems::{self, ALREADY_RUNNING, TOO_MANY_OPERATIONS};
use crate::ops::filter::LetterFilter;
use crate::ops::job::{Job, What};
use crate::ops::{audit, health, view};

/// Each does 64 items at once.
const AT_ONCE: usize = 4;
const NEWEST: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(default)]
    filter: LetterFilter,
    /// An empty filter means all only if this says so.
    #[serde(default)]
    all: bool,
    rate: Option<NonZeroU32>,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn redrive(
    State(api): State<Arc<Api>>,
    staff: Staff,
    ValidJson(request): ValidJson<Request>,
) -> Result<Response, Problem> {
    let forced = request.force;
    api.start(staff, What::Redrive { forced }, request).await
}

pub(super) async fn discard(
    State(api): State<Arc<Api>>,
    staff: Staff,
    ValidJson(request): ValidJson<Request>,
) -> Result<Response, Problem> {
    api.start(staff, What::Discard, request).await
}

pub(super) async fn resume(
    State(api): State<Arc<Api>>,
    staff: Staff,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    let job = Job::resume(&api.nats, id, staff.actor(), None).await;
    api.run(job.map_err(|error| problems::of(&error))?, Some(id))
        .await
}

/// Stops it if it is under way in this process; whoever asks another replica finds it running on.
pub(super) async fn stop(
    State(api): State<Arc<Api>>,
    _: Staff,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Response, Problem> {
    if let Some(stop) = api.running().get(&id) {
        stop.cancel();
    }
    Ok((StatusCode::ACCEPTED, Json(json!({"id": id}))).into_response())
}

pub(super) async fn list(State(api): State<Arc<Api>>, _: Staff) -> Result<Json<Value>, Problem> {
    let ids = audit::newest(&api.nats, NEWEST).await;
    let mut items = Vec::new();
    for id in ids.map_err(|error| problems::of(&error))? {
        let history = audit::history(&api.nats, id).await;
        items.push(view::operation(&history.map_err(|error| problems::of(&error))?));
    }
    Ok(Json(json!({"items": items})))
}

pub(super) async fn one(
    State(api): State<Arc<Api>>,
    _: Staff,
    ValidPath(id): ValidPath<Uuid>,
) -> Result<Json<Value>, Problem> {
    let history = audit::history(&api.nats, id).await;
    Ok(Json(view::operation(
        &history.map_err(|error| problems::of(&error))?,
    )))
}

pub(super) async fn consumers(State(api): State<Arc<Api>>, _: Staff) -> Result<Json<Value>, Problem> {
    let consumers = health::consumers(&api.nats, |_| true).await;
    let items = consumers.map_err(|error| problems::of(&error))?;
    Ok(Json(json!({"items": items})))
}

impl Api {
    fn running(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<Uuid, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn start(
        self: &Arc<Self>,
        staff: Staff,
        what: What,
        request: Request,
    ) -> Result<Response, Problem> {
        let Request {
            filter,
            all,
            rate,
            dry_run,
            ..
        } = request;
        if filter == LetterFilter::default() && !all {
            return Err(Problem::new(&INVALID_REQUEST).field(
                "filter",
                Value::Null,
                "which letters? or \"all\": true",
            ));
        }
        let job = Job::plan(&self.nats, what, filter, staff.actor(), rate).await;
        let job = job.map_err(|error| problems::of(&error))?;
        match dry_run {
            true => Ok(Json(view::tally(&job.tally)).into_response()),
            false => self.run(job, None).await,
        }
    }

    /// Begins in the background; the answer tells where to look.
    async fn run(self: &Arc<Self>, job: Job, resumes: Option<Uuid>) -> Result<Response, Problem> {
        if resumes.is_some_and(|id| self.running().contains_key(&id)) {
            return Err(Problem::new(&ALREADY_RUNNING));
        }
        if self.running().len() >= AT_ONCE {
            return Err(Problem::new(&TOO_MANY_OPERATIONS).retry_after(problems::RETRY_AFTER));
        }
        let operation = job.begin().await.map_err(|error| problems::of(&error))?;
        let (id, stop) = (operation.id, self.shutdown.child_token());
        self.running().insert(id, stop.clone());
        let api = Arc::clone(self);
        let matching = job.matching();
        tokio::spawn(async move {
            let ended = job.carry_out(&operation, &stop, |_, _| {}).await;
            api.running().remove(&id);
            match ended {
                Ok(tally) => tracing::info!(operation = %id, ?tally, "ended"),
                Err(error) => tracing::error!(operation = %id, "cut off, can be resumed: {error}"),
            }
        });
        let location = format!("/v1/ops/operations/{id}");
        let body = Json(json!({"id": id, "matching": matching}));
        Ok((StatusCode::ACCEPTED, [(LOCATION, location)], body).into_response())
    }
}
