//! Pages of lists, newest first.
//!
//! **Owns**: [`Page`], the cursor. A cursor names the last item that was given out, so rows that arrive meanwhile
//! neither repeat nor hide one.

use crate::error::StoreError;
use crate::utc::Utc;
use serde::Serialize;
use uuid::Uuid;

/// Items of one page when none is asked for.
pub const DEFAULT_LIMIT: u32 = 50;
/// The most items of one page.
pub const MAX_LIMIT: u32 = 500;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Hand it in to get the next page; none at the end.
    pub next: Option<String>,
}

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// How many items, 1 to [`MAX_LIMIT`]; values outside are brought in.
    pub limit: Option<u32>,
    /// [`Page::next`] of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    /// Items of a page, within bounds.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT)
    }

    pub(super) fn after(&self) -> Result<Option<(i64, String)>, StoreError> {
        self.cursor.as_deref().map(read_cursor).transpose()
    }
}

/// `<milliseconds, hexadecimal>-<uuid without hyphens>`.
fn read_cursor(text: &str) -> Result<(i64, String), StoreError> {
    let (millis, id) = text.split_once('-').ok_or(StoreError::BadCursor)?;
    let millis = u64::from_str_radix(millis, 16).map_err(|_| StoreError::BadCursor)?;
    let id = Uuid::try_parse(id).map_err(|_| StoreError::BadCursor)?;
    Ok((millis.cast_signed(), id.to_string()))
}

fn cursor(at: Utc, id: Uuid) -> String {
    format!("{:x}-{}", at.0.millis().cast_unsigned(), id.simple())
}

/// Makes a page of rows of which one more than the limit was asked for.
pub(super) fn page<T>(
    mut items: Vec<T>,
    limit: u32,
    place: impl FnOnce(&T) -> (Utc, Uuid),
) -> Page<T> {
    let limit = limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| {
        let (at, id) = place(last);
        cursor(at, id)
    });
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nonsense_is_refused() {
        let id = Uuid::from_u128(0xfeed);
        for millis in [-5, 0, 1_795_000_000_123] {
            let text = cursor(Utc::from_millis(millis), id);
            assert_eq!(read_cursor(&text).unwrap(), (millis, id.to_string()));
        }
        for text in ["", "-", "12", "xyz-1", "1-2", "é-é"] {
            assert!(
                matches!(read_cursor(text), Err(StoreError::BadCursor)),
                "{text}"
            );
        }
    }
}
