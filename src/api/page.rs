//! Parameters of a path: what is known, pages of lists, names of values.
//!
//! **Owns**: reading `?key=value`; `limit` and `cursor`. The shape of a page and the meaning of a cursor are the
//! store's. **Must not know**: what is listed.

use super::error::ApiError;
use crate::config::nearest;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use recordings::store::page::{MAX_LIMIT, Page, Paging};
use std::collections::BTreeMap;

/// The parameters of a request; of one that is there twice, the last counts.
#[derive(Debug)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// 422 for a parameter that is not among `known`: a filter that is not applied would look like an answer.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        for name in self.0.keys() {
            if !known.contains(&name.as_str()) {
                let help = nearest(name, known.iter().copied()).map_or_else(
                    || format!("known: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let name: String = name.chars().take(64).collect();
                let detail = format!("There is no parameter `{name}`; {help}");
                return Err(ApiError::unprocessable(detail));
            }
        }
        Ok(())
    }

    /// A value that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// A value read by `read`; 422 that says what is expected.
    pub(super) fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match read(text) {
            Some(value) => Ok(Some(value)),
            None => Err(ApiError::unprocessable(format!(
                "`{name}` must be {expected}."
            ))),
        }
    }

    /// Which page is wanted. More than the largest limit is cut to it.
    pub(super) fn paging(&self) -> Result<Paging, ApiError> {
        let expected = format!("a number from 1 to {MAX_LIMIT}");
        let limit = self.read("limit", &expected, |text| {
            let number = text.parse::<u64>().ok().filter(|n| *n >= 1)?;
            Some(u32::try_from(number).unwrap_or(MAX_LIMIT).min(MAX_LIMIT))
        })?;
        Ok(Paging {
            limit,
            cursor: self.get("cursor").map(str::to_owned),
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) = query.map_err(|_| ApiError::bad_request("The query cannot be read."))?;
        Ok(Self(pairs.into_iter().collect()))
    }
}

/// A list that is whole in one page.
pub(super) const fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}
