//! Reading columns into the domain's types.
//!
//! **Owns**: [`RowExt`]. A column that cannot be read is an error of its own, never a panic.

use crate::error::StoreError;
use crate::utc::Utc;
use router::{PhoneNumber, Private};
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::str::FromStr;

/// Columns by name.
pub(super) trait RowExt {
    fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError>;
    fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError>;

    fn text(&self, column: &str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| unreadable(column))
    }
    fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| unreadable(column))
    }
    /// A number that is never negative.
    fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        T::try_from(self.int(column)?).map_err(|_| unreadable(column))
    }
    fn at(&self, column: &str) -> Result<Utc, StoreError> {
        self.int(column).map(Utc::from_millis)
    }
    fn opt_at(&self, column: &str) -> Result<Option<Utc>, StoreError> {
        Ok(self.opt_int(column)?.map(Utc::from_millis))
    }
    fn id<T: FromStr>(&self, column: &str) -> Result<T, StoreError> {
        self.opt_id(column)?.ok_or_else(|| unreadable(column))
    }
    fn opt_id<T: FromStr>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?
            .map(|text| text.parse().map_err(|_| unreadable(column)))
            .transpose()
    }
    /// A word of a closed list.
    fn word<T>(&self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, StoreError> {
        read(&self.text(column)?).ok_or_else(|| unreadable(column))
    }
    fn opt_word<T>(
        &self,
        column: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?
            .map(|text| read(&text).ok_or_else(|| unreadable(column)))
            .transpose()
    }
    fn opt_number(&self, column: &str) -> Result<Option<PhoneNumber>, StoreError> {
        Ok(self.opt_text(column)?.map(PhoneNumber::from_normalised))
    }
    fn opt_private(&self, column: &str) -> Result<Option<Private<String>>, StoreError> {
        Ok(self.opt_text(column)?.map(Private::new))
    }
    fn opt_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?
            .map(|text| serde_json::from_str(&text).map_err(|_| unreadable(column)))
            .transpose()
    }
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        self.opt_json(column)?.ok_or_else(|| unreadable(column))
    }
}

impl RowExt for SqliteRow {
    fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(column)?)
    }
    fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(column)?)
    }
}

pub(super) fn unreadable(column: &str) -> StoreError {
    StoreError::Unreadable {
        column: column.to_owned(),
    }
}

/// A count as the database keeps it; beyond 2^63 it is cut, which no counter of ours reaches.
pub(super) fn big(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
