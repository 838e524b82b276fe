//! Many rows by one statement.
//!
//! **Owns**: how many go together, and how rows of several interactions are told apart. **Must not know**: tables.
//!
//! Each statement changes threads twice (SQLite's connections have threads of their own), which costs several times
//! what a row costs. So the projector's batches come here, and one row is a batch of one.

use super::Conn;
use super::row::RowExt as _;
use crate::error::StoreError;
use router::id::InteractionId;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

/// Rows of one statement at most: with ten values each far below what any database takes.
const MOST: usize = 64;

/// Cuts a list into pieces of 64, 32, 16 … 1: so few different statements that each is prepared once.
pub(super) fn pieces<T>(items: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let length = 1 << rest.len().checked_ilog2()?;
        let (piece, later) = rest.split_at(MOST.min(length));
        rest = later;
        Some(piece)
    })
}

/// Cuts a list into as few pieces as [`push_in`] takes.
pub(super) fn lists<T>(values: &[T]) -> impl Iterator<Item = &[T]> {
    values.chunks(MOST)
}

/// ` IN (…)` with these values, one of [`lists`]. The last one stands there several times, up to the next power of two:
/// that changes nothing, and there are few different statements.
pub(super) fn push_in<T: ToString>(query: &mut QueryBuilder<Sqlite>, values: &[T]) {
    query.push(" IN (");
    let mut list = query.separated(", ");
    let again = values.len().next_power_of_two() - values.len();
    let last = values.last().into_iter();
    for value in values.iter().chain(last.cycle().take(again)) {
        list.push_bind(value.to_string());
    }
    query.push(")");
}

/// Rows that belong to interactions, in the order asked for. `select` ends before its `WHERE`, tells
/// `interaction_id` among its columns and names that column `column` inside.
pub(super) async fn of_interactions<T>(
    conn: &mut Conn,
    (select, column, order): (&'static str, &'static str, &'static str),
    ids: &[InteractionId],
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<HashMap<InteractionId, Vec<T>>, StoreError> {
    let mut found: HashMap<InteractionId, Vec<T>> = HashMap::new();
    for some in lists(ids) {
        let mut query = QueryBuilder::<Sqlite>::new(select);
        query.push(" WHERE ").push(column);
        push_in(&mut query, some);
        query.push(" ORDER BY ").push(order);
        for row in query.build().fetch_all(&mut *conn).await? {
            let of: InteractionId = row.id("interaction_id")?;
            found.entry(of).or_default().push(read(&row)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_whole_and_of_few_lengths() {
        for length in 0..300_usize {
            let items: Vec<usize> = (0..length).collect();
            assert_eq!(pieces(&items).collect::<Vec<_>>().concat(), items);
            assert!(pieces(&items).all(|some| some.len().is_power_of_two() && some.len() <= MOST));
        }
    }
}
