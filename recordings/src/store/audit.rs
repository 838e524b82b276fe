//! Who did what: rows that are appended and never changed.
//!
//! **Owns**: the table `audit` and the chain of its hashes: each covers its row and the hash before it, so that a row
//! that was changed, taken out or put in between is found by [`Store::check_audit`]. **Must not know**: what is worth a
//! row. Rows cut off at the end are not found by the chain alone: whoever kept a [`Head`] elsewhere finds them too.

use super::page::{Page, Paging};
use super::row::{RowExt as _, big};
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteRow;

/// Rows read at once while checking.
const CHECKED_AT_ONCE: i64 = 1_000;

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditDraft {
    /// When.
    pub at: Timestamp,
    /// Login, or a name for the token.
    pub actor: String,
    /// The role it was done with.
    pub role: String,
    /// What, such as `PUT /api/v1/agents/{login}/state`.
    pub action: String,
    /// To what: the path with its ids.
    pub object: String,
    /// The HTTP status it was answered with.
    pub status: u16,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// When.
    pub at: Utc,
    /// Login, or a name for the token.
    pub actor: String,
    /// The role it was done with.
    pub role: String,
    /// What.
    pub action: String,
    /// To what.
    pub object: String,
    /// The HTTP status it was answered with.
    pub status: u16,
    /// SHA-256 over the hash before and this row.
    pub hash: String,
}

/// A row of the chain by its place and its hash: as long as it is there, nothing before it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its place; 0 before the first row.
    pub seq: u64,
    /// Its hash; empty before the first row.
    pub hash: String,
}

/// What a look at the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCheck {
    /// The last row that fits.
    pub head: Head,
    /// The first that does not.
    pub broken: Option<Broken>,
}

/// A place in the chain where it does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The row's place.
    pub seq: u64,
    /// The row that stands there now; none when it was taken out.
    pub row: Option<AuditRow>,
}

impl Store {
    /// Appends rows in this order.
    ///
    /// # Errors
    /// When the database fails; none of them is kept then.
    pub async fn append_audit(&self, drafts: &[AuditDraft]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        append(&mut tx, drafts).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Rows, newest first.
    ///
    /// # Errors
    /// [`StoreError::BadCursor`], or when the database fails.
    pub async fn audit(&self, paging: &Paging) -> Result<Page<AuditRow>, StoreError> {
        let limit = paging.limit();
        let before = match paging.cursor.as_deref() {
            Some(cursor) => cursor.parse::<u64>().map_err(|_| StoreError::BadCursor)?,
            None => u64::MAX,
        };
        let rows = sqlx::query("SELECT * FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2")
            .bind(big(before))
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *self.read().await?)
            .await?;
        let mut items: Vec<AuditRow> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|row| row.seq.to_string());
        Ok(Page { items, next })
    }

    /// Follows the whole chain; also against a row that somebody kept elsewhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn check_audit(&self, kept: Option<&Head>) -> Result<AuditCheck, StoreError> {
        let mut head = Head::default();
        loop {
            let rows = sqlx::query("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(big(head.seq))
                .bind(CHECKED_AT_ONCE)
                .fetch_all(&mut *self.read().await?)
                .await?;
            if rows.is_empty() {
                let cut_off = kept.filter(|kept| kept.seq > head.seq);
                let broken = cut_off.map(|_| Broken {
                    seq: head.seq + 1,
                    row: None,
                });
                return Ok(AuditCheck { head, broken });
            }
            for row in &rows {
                let row = read(row)?;
                let seq = head.seq + 1;
                let other = kept.is_some_and(|kept| kept.seq == seq && kept.hash != row.hash);
                if row.seq == seq && row.hash == row.chained(&head.hash) && !other {
                    (head.seq, head.hash) = (row.seq, row.hash);
                    continue;
                }
                let row = (row.seq == seq).then_some(row);
                let broken = Some(Broken { seq, row });
                return Ok(AuditCheck { head, broken });
            }
        }
    }
}

/// Appends rows in this order, in somebody's transaction: what is done and its row are there together or not at all.
pub(super) async fn append(conn: &mut Conn, drafts: &[AuditDraft]) -> Result<(), StoreError> {
    let last = sqlx::query("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *conn)
        .await?;
    let last = last.as_ref().map(read).transpose()?;
    let (mut seq, mut hash) = last.map_or_else(Default::default, |row| (row.seq, row.hash));
    for draft in drafts {
        seq += 1;
        hash = chained(&hash, seq, draft);
        sqlx::query(
            "INSERT INTO audit (seq, at, actor, role, action, object, status, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(big(seq))
        .bind(draft.at.millis())
        .bind(&draft.actor)
        .bind(&draft.role)
        .bind(&draft.action)
        .bind(&draft.object)
        .bind(i64::from(draft.status))
        .bind(&hash)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

impl AuditRow {
    /// The hash that it should have after this one.
    fn chained(&self, before: &str) -> String {
        let draft = AuditDraft {
            at: self.at.0,
            actor: self.actor.clone(),
            role: self.role.clone(),
            action: self.action.clone(),
            object: self.object.clone(),
            status: self.status,
        };
        chained(before, self.seq, &draft)
    }
}

/// JSON keeps the fields apart whatever is in them.
fn chained(before: &str, seq: u64, draft: &AuditDraft) -> String {
    let at = draft.at.millis();
    let text = serde_json::json!([
        before,
        seq,
        at,
        draft.actor,
        draft.role,
        draft.action,
        draft.object,
        draft.status
    ]);
    let hash = Sha256::digest(text.to_string().as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(row: &SqliteRow) -> Result<AuditRow, StoreError> {
    Ok(AuditRow {
        seq: row.count("seq")?,
        at: row.at("at")?,
        actor: row.text("actor")?,
        role: row.text("role")?,
        action: row.text("action")?,
        object: row.text("object")?,
        status: row.count("status")?,
        hash: row.text("hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(n: i64) -> AuditDraft {
        AuditDraft {
            at: Timestamp::from_millis(n),
            actor: "sam".to_owned(),
            role: "supervisor".to_owned(),
            action: "hear".to_owned(),
            object: format!("/recordings/{n}"),
            status: 200,
        }
    }

    #[tokio::test]
    async fn whatever_is_done_to_a_row_is_found_and_named() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("a.db")).await.unwrap();
        let drafts: Vec<_> = (1..=5).map(draft).collect();
        store.append_audit(&drafts[..2]).await.unwrap();
        store.append_audit(&drafts[2..]).await.unwrap();
        let whole = store.check_audit(None).await.unwrap();
        assert_eq!((whole.head.seq, &whole.broken), (5, &None));
        // (what was done, the row that is named, whether it still stands there)
        for (damage, found, stands) in [
            ("UPDATE audit SET actor = 'eve' WHERE seq = 3", 3, true),
            ("UPDATE audit SET at = 9 WHERE seq = 1", 1, true),
            ("UPDATE audit SET status = 403 WHERE seq = 5", 5, true),
            ("DELETE FROM audit WHERE seq = 2", 2, false),
            ("DELETE FROM audit WHERE seq = 1", 1, false),
            ("UPDATE audit SET seq = 9 WHERE seq = 4", 4, false),
            ("DELETE FROM audit WHERE seq > 3", 4, false),
        ] {
            let copy = temp.path().join("b.db");
            let _ = std::fs::remove_file(&copy);
            let other = Store::open(&copy).await.unwrap();
            other.append_audit(&drafts).await.unwrap();
            let mut tx = other.write().await.unwrap();
            sqlx::query(damage).execute(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            let check = other.check_audit(Some(&whole.head)).await.unwrap();
            assert_eq!(check.head.seq, found - 1, "{damage}");
            let broken = check.broken.unwrap();
            assert_eq!(broken.seq, found, "{damage}");
            assert_eq!(broken.row.is_some(), stands, "{damage}");
            other.close().await;
        }
    }

    #[tokio::test]
    async fn a_chain_that_was_written_anew_does_not_fit_a_row_that_was_kept() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("a.db")).await.unwrap();
        let drafts: Vec<_> = (1..=4).map(draft).collect();
        store.append_audit(&drafts[..3]).await.unwrap();
        let kept = store.check_audit(None).await.unwrap().head;
        store.append_audit(&drafts[3..]).await.unwrap();
        let later = store.check_audit(Some(&kept)).await.unwrap();
        assert_eq!((later.head.seq, later.broken), (4, None));
        let forged = Store::open(&temp.path().join("b.db")).await.unwrap();
        let mut others = drafts.clone();
        others[1].actor = "eve".to_owned();
        forged.append_audit(&others).await.unwrap();
        assert_eq!(forged.check_audit(None).await.unwrap().broken, None);
        let check = forged.check_audit(Some(&kept)).await.unwrap();
        assert_eq!(check.broken.unwrap().seq, 3);
    }

    #[tokio::test]
    async fn pages_go_back_in_time() {
        let temp = tempfile::tempdir().unwrap();
        let store = Store::open(&temp.path().join("a.db")).await.unwrap();
        let drafts: Vec<_> = (1..=5).map(draft).collect();
        store.append_audit(&drafts).await.unwrap();
        let page = async |cursor: Option<String>| {
            let limit = Some(2);
            store.audit(&Paging { limit, cursor }).await
        };
        let seqs = |page: &Page<AuditRow>| page.items.iter().map(|r| r.seq).collect::<Vec<_>>();
        let first = page(None).await.unwrap();
        assert_eq!(
            (seqs(&first), first.next.as_deref()),
            (vec![5, 4], Some("4"))
        );
        let second = page(first.next).await.unwrap();
        let third = page(second.next.clone()).await.unwrap();
        assert_eq!((seqs(&second), seqs(&third)), (vec![3, 2], vec![1]));
        assert_eq!(third.next, None);
        assert!(page(Some("x".to_owned())).await.is_err());
    }
}
