//! Customers and their telephone numbers.
//!
//! **Owns**: the tables `customers`, `customer_numbers`. A number belongs to one customer, unless whoever writes says that
//! it is shared; then it tells of nobody. **Must not**: normalise numbers; they arrive normalised.

use super::many::{lists, pieces, push_in};
use super::page::{Page, Paging, page};
use super::row::RowExt as _;
use super::{Conn, Store};
use crate::error::StoreError;
use crate::utc::Utc;
use router::event::{Direction, PersonalData};
use router::id::{AgentId, CustomerId};
use router::{PhoneNumber, Private, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite};
use std::collections::HashMap;

/// A customer as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomerRecord {
    /// Id.
    pub id: CustomerId,
    /// The person's name.
    pub name: Option<Private<String>>,
    /// The company's name.
    pub company: Option<Private<String>>,
    /// Mail address.
    pub email: Option<Private<String>>,
    /// What people wrote.
    pub notes: Option<Private<String>>,
    /// The language they want to hear, such as `es`.
    pub language: Option<String>,
    /// How the company ranks them, in its own words, such as `gold`.
    pub tier: Option<String>,
    /// Telephone numbers, the main one first.
    pub numbers: Vec<PhoneNumber>,
    /// When the row was made.
    pub created_at: Utc,
    /// When it was last changed.
    pub updated_at: Utc,
}

/// A customer to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCustomer {
    /// Id, made by the caller.
    pub id: CustomerId,
    /// Everything else.
    pub details: CustomerDetails,
}

/// What a customer is made of; the body of a POST.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerDetails {
    /// The person's name.
    pub name: Option<Private<String>>,
    /// The company's name.
    pub company: Option<Private<String>>,
    /// Mail address.
    pub email: Option<Private<String>>,
    /// What people wrote.
    pub notes: Option<Private<String>>,
    /// The language they want to hear, such as `es`.
    pub language: Option<String>,
    /// How the company ranks them, in its own words, such as `gold`.
    pub tier: Option<String>,
    /// Normalised telephone numbers, the main one first.
    pub numbers: Vec<PhoneNumber>,
}

/// What changes about a customer; the body of a PATCH. Absent: stays. `null`: is removed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerPatch {
    /// The person's name.
    #[serde(deserialize_with = "present")]
    pub name: Option<Option<Private<String>>>,
    /// The company's name.
    #[serde(deserialize_with = "present")]
    pub company: Option<Option<Private<String>>>,
    /// Mail address.
    #[serde(deserialize_with = "present")]
    pub email: Option<Option<Private<String>>>,
    /// What people wrote.
    #[serde(deserialize_with = "present")]
    pub notes: Option<Option<Private<String>>>,
    /// The language they want to hear.
    #[serde(deserialize_with = "present")]
    pub language: Option<Option<String>>,
    /// How the company ranks them, in its own words, such as `gold`.
    #[serde(deserialize_with = "present")]
    pub tier: Option<Option<String>>,
    /// All normalised numbers anew.
    pub numbers: Option<Vec<PhoneNumber>>,
}

/// Tells `null` from absent.
#[expect(
    clippy::option_option,
    reason = "a patch has three cases: absent, null, a value"
)]
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Store {
    /// One customer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<CustomerRecord>, StoreError> {
        one(&mut *self.read().await?, id).await
    }

    /// The customer a normalised number belongs to; none when several share it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer_by_number(
        &self,
        number: &PhoneNumber,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let mut conn = self.read().await?;
        match ids_by_number(&mut conn, number).await?.as_slice() {
            [id] => one(&mut conn, *id).await,
            _ => Ok(None),
        }
    }

    /// Names of the customers with these numbers, by number; those without a name are left out, and shared numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn customer_names_by_number(
        &self,
        numbers: &[PhoneNumber],
    ) -> Result<HashMap<PhoneNumber, Private<String>>, StoreError> {
        let mut names = HashMap::new();
        let mut conn = self.read().await?;
        let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::reveal).collect();
        for some in lists(&numbers) {
            let mut query = QueryBuilder::<Sqlite>::new(
                "SELECT n.number, c.name FROM customer_numbers n JOIN customers c ON c.id = n.customer_id \
                 WHERE c.name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM customer_numbers m \
                 WHERE m.number = n.number AND m.customer_id <> n.customer_id) AND n.number",
            );
            push_in(&mut query, some);
            for row in query.build().fetch_all(&mut *conn).await? {
                let number = PhoneNumber::from_normalised(row.text("number")?);
                names.extend(row.opt_private("name")?.map(|name| (number, name)));
            }
        }
        Ok(names)
    }

    /// Whom the customers of these numbers spoke with last, as far as that is recent: among their latest 20 interactions.
    /// Numbers of several customers, and customers who spoke with nobody, are left out.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn last_agents_by_number(
        &self,
        numbers: &[PhoneNumber],
    ) -> Result<HashMap<PhoneNumber, AgentId>, StoreError> {
        let mut agents = HashMap::new();
        let mut conn = self.read().await?;
        let numbers: Vec<&str> = numbers.iter().map(PhoneNumber::reveal).collect();
        for some in lists(&numbers) {
            let mut query = QueryBuilder::<Sqlite>::new(
                "SELECT n.number, (SELECT agent_id FROM (SELECT agent_id, started_at FROM interactions i \
                 WHERE i.customer_id = n.customer_id ORDER BY i.started_at DESC LIMIT 20) \
                 WHERE agent_id IS NOT NULL ORDER BY started_at DESC LIMIT 1) AS agent_id FROM customer_numbers n \
                 WHERE NOT EXISTS (SELECT 1 FROM customer_numbers m \
                 WHERE m.number = n.number AND m.customer_id <> n.customer_id) AND n.number",
            );
            push_in(&mut query, some);
            for row in query.build().fetch_all(&mut *conn).await? {
                let number = PhoneNumber::from_normalised(row.text("number")?);
                agents.extend(row.opt_id("agent_id")?.map(|agent| (number, agent)));
            }
        }
        Ok(agents)
    }

    /// A page of customers, newest first. `search` looks for part of a name, company or number, in any case.
    ///
    /// # Errors
    /// When the database fails or the cursor is not ours.
    pub async fn customers(
        &self,
        search: Option<&str>,
        paging: &Paging,
    ) -> Result<Page<CustomerRecord>, StoreError> {
        let mut conn = self.read().await?;
        let limit = paging.limit();
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM customers c WHERE 1 = 1");
        if let Some(search) = search.filter(|text| !text.is_empty()) {
            let pattern = format!("%{}%", escape(&search.to_lowercase()));
            query
                .push(" AND (lower(c.name) LIKE ")
                .push_bind(pattern.clone());
            query.push(" ESCAPE '\\' OR lower(c.company) LIKE ");
            query.push_bind(pattern.clone());
            query.push(" ESCAPE '\\' OR EXISTS (SELECT 1 FROM customer_numbers n WHERE n.customer_id = c.id AND n.number LIKE ");
            query.push_bind(pattern).push(" ESCAPE '\\'))");
        }
        if let Some((at, id)) = paging.after()? {
            query.push(" AND (c.created_at < ").push_bind(at);
            query.push(" OR (c.created_at = ").push_bind(at);
            query.push(" AND c.id < ").push_bind(id).push("))");
        }
        query.push(" ORDER BY c.created_at DESC, c.id DESC LIMIT ");
        query.push_bind(i64::from(limit) + 1);
        let rows = query.build().fetch_all(&mut *conn).await?;
        let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        for item in &mut items {
            item.numbers = numbers_of(&mut conn, item.id).await?;
        }
        Ok(page(items, limit, |last| (last.created_at, last.id.uuid())))
    }

    /// Makes a customer.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a number or the id belongs to another customer, or the database's.
    pub async fn create_customer(
        &self,
        customer: &NewCustomer,
        now: Timestamp,
    ) -> Result<CustomerRecord, StoreError> {
        self.create(customer, now, &[]).await
    }

    /// The same, where numbers may be those of others too.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the id belongs to another customer, or the database's.
    pub async fn create_customer_sharing(
        &self,
        customer: &NewCustomer,
        now: Timestamp,
    ) -> Result<CustomerRecord, StoreError> {
        self.create(customer, now, &customer.details.numbers).await
    }

    async fn create(
        &self,
        customer: &NewCustomer,
        now: Timestamp,
        shared: &[PhoneNumber],
    ) -> Result<CustomerRecord, StoreError> {
        let mut tx = self.write().await?;
        if !insert(&mut tx, customer, now).await? {
            return Err(StoreError::Taken("the id"));
        }
        set_numbers(&mut tx, customer.id, &customer.details.numbers, shared).await?;
        let record = one(&mut tx, customer.id).await?;
        tx.commit().await?;
        record.ok_or_else(|| super::row::unreadable("customers.id"))
    }

    /// Changes a customer; none when there is no such customer.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a number belongs to another customer, or the database's.
    pub async fn update_customer(
        &self,
        id: CustomerId,
        patch: &CustomerPatch,
        now: Timestamp,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let mut tx = self.write().await?;
        let Some(old) = one(&mut tx, id).await? else {
            return Ok(None);
        };
        let value = |new: &Option<Option<Private<String>>>, old: Option<Private<String>>| {
            new.clone().unwrap_or(old).map(Private::into_inner)
        };
        sqlx::query(
            "UPDATE customers SET name = $1, company = $2, email = $3, notes = $4, language = $5, \
             tier = $6, updated_at = $7 WHERE id = $8",
        )
        .bind(value(&patch.name, old.name))
        .bind(value(&patch.company, old.company))
        .bind(value(&patch.email, old.email))
        .bind(value(&patch.notes, old.notes))
        .bind(patch.language.clone().unwrap_or(old.language))
        .bind(patch.tier.clone().unwrap_or(old.tier))
        .bind(now.millis())
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        if let Some(numbers) = &patch.numbers {
            set_numbers(&mut tx, id, numbers, &old.numbers).await?;
        }
        let record = one(&mut tx, id).await?;
        tx.commit().await?;
        Ok(record)
    }

    /// Makes the demo's customers; those whose id or main number is there already stay as they are. Returns how many
    /// were made.
    ///
    /// # Errors
    /// When the database fails; none is made then.
    pub async fn seed_customers(
        &self,
        customers: &[NewCustomer],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let mut made = 0;
        for customer in customers {
            let mut known = false;
            for number in &customer.details.numbers {
                known |= !ids_by_number(&mut tx, number).await?.is_empty();
            }
            if !known && insert(&mut tx, customer, now).await? {
                let numbers = &customer.details.numbers;
                set_numbers(&mut tx, customer.id, numbers, &[]).await?;
                made += 1;
            }
        }
        tx.commit().await?;
        Ok(made)
    }
}

/// What a call tells of its customer.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) personal: &'a PersonalData,
    pub(crate) direction: Direction,
    pub(crate) at: Timestamp,
}

impl<'a> Told<'a> {
    /// The customer's number: who called, or going out who was called.
    const fn number(&self) -> Option<&'a PhoneNumber> {
        match self.direction {
            Direction::Outbound => self.personal.dialed_number.as_ref(),
            Direction::Inbound | Direction::Internal => self.personal.caller_number.as_ref(),
        }
    }
}

/// The customer of each call: the one with the caller's number (going out: the called one), else a new one. None for
/// a withheld number, one that several share, and where the call says that no customer is to be made (an agent's own
/// phone).
pub(crate) async fn of_calls(
    conn: &mut Conn,
    calls: &[Told<'_>],
) -> Result<Vec<Option<CustomerId>>, StoreError> {
    let mut known = by_numbers(conn, calls).await?;
    let (mut found, mut new) = (Vec::with_capacity(calls.len()), Vec::new());
    for call in calls {
        let Some(number) = call.number() else {
            found.push(None);
            continue;
        };
        let of_number = known.get(number.reveal()).copied();
        let fresh = call.personal.new_customer.filter(|_| of_number.is_none());
        if let Some(id) = fresh {
            known.insert(number.reveal().to_owned(), Some(id));
            new.push((id, *call));
        }
        found.push(of_number.flatten().or(fresh));
    }
    insert_callers(conn, &new).await?;
    Ok(found)
}

/// The customer of each number that is known; none for one that several share.
async fn by_numbers(
    conn: &mut Conn,
    calls: &[Told<'_>],
) -> Result<HashMap<String, Option<CustomerId>>, StoreError> {
    let numbers: Vec<&str> = calls
        .iter()
        .filter_map(|call| Some(call.number()?.reveal()))
        .collect();
    let mut known = HashMap::new();
    for some in lists(&numbers) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT number, customer_id FROM customer_numbers WHERE number",
        );
        push_in(&mut query, some);
        for row in query.build().fetch_all(&mut *conn).await? {
            let customer = row.id("customer_id")?;
            known
                .entry(row.text("number")?)
                .and_modify(|of: &mut Option<CustomerId>| *of = of.filter(|one| *one == customer))
                .or_insert(Some(customer));
        }
    }
    Ok(known)
}

/// Customers who called, or were called, for the first time, each with that number. Their ids are new.
async fn insert_callers(
    conn: &mut Conn,
    callers: &[(CustomerId, Told<'_>)],
) -> Result<(), StoreError> {
    for some in pieces(callers) {
        let mut rows = QueryBuilder::<Sqlite>::new(
            "INSERT INTO customers (id, name, created_at, updated_at) ",
        );
        rows.push_values(some, |mut row, (id, call)| {
            row.push_bind(id.to_string())
                .push_bind(
                    call.personal
                        .caller_name
                        .as_ref()
                        .map(|n| n.reveal().clone()),
                )
                .push_bind(call.at.millis())
                .push_bind(call.at.millis());
        });
        rows.push(" ON CONFLICT (id) DO NOTHING");
        rows.build().execute(&mut *conn).await?;
        let mut rows = QueryBuilder::<Sqlite>::new(
            "INSERT INTO customer_numbers (number, customer_id, place) ",
        );
        rows.push_values(some, |mut row, (id, call)| {
            row.push_bind(call.number().map(|number| number.reveal().to_owned()))
                .push_bind(id.to_string())
                .push("0");
        });
        rows.push(" ON CONFLICT (number, customer_id) DO NOTHING");
        rows.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Whose number it is, the oldest customer first.
pub(super) async fn ids_by_number(
    conn: &mut Conn,
    number: &PhoneNumber,
) -> Result<Vec<CustomerId>, StoreError> {
    let rows = sqlx::query(
        "SELECT n.customer_id FROM customer_numbers n JOIN customers c ON c.id = n.customer_id \
         WHERE n.number = $1 ORDER BY c.created_at, c.id",
    )
    .bind(number.reveal())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| row.id("customer_id")).collect()
}

pub(super) async fn one(
    conn: &mut Conn,
    id: CustomerId,
) -> Result<Option<CustomerRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM customers WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    let Some(mut record) = row.as_ref().map(read).transpose()? else {
        return Ok(None);
    };
    record.numbers = numbers_of(conn, id).await?;
    Ok(Some(record))
}

fn read(row: &SqliteRow) -> Result<CustomerRecord, StoreError> {
    Ok(CustomerRecord {
        id: row.id("id")?,
        name: row.opt_private("name")?,
        company: row.opt_private("company")?,
        email: row.opt_private("email")?,
        notes: row.opt_private("notes")?,
        language: row.opt_text("language")?,
        tier: row.opt_text("tier")?,
        numbers: Vec::new(),
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

async fn numbers_of(conn: &mut Conn, id: CustomerId) -> Result<Vec<PhoneNumber>, StoreError> {
    let numbers: Vec<String> = sqlx::query_scalar(
        "SELECT number FROM customer_numbers WHERE customer_id = $1 ORDER BY place, number",
    )
    .bind(id.to_string())
    .fetch_all(conn)
    .await?;
    Ok(numbers
        .into_iter()
        .map(PhoneNumber::from_normalised)
        .collect())
}

/// False when the id exists already.
async fn insert(
    conn: &mut Conn,
    customer: &NewCustomer,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let text = |value: &Option<Private<String>>| value.clone().map(Private::into_inner);
    let details = &customer.details;
    let done = sqlx::query(
        "INSERT INTO customers (id, name, company, email, notes, language, tier, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(customer.id.to_string())
    .bind(text(&details.name))
    .bind(text(&details.company))
    .bind(text(&details.email))
    .bind(text(&details.notes))
    .bind(details.language.clone())
    .bind(details.tier.clone())
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// `shared`: numbers that may be another customer's too.
async fn set_numbers(
    conn: &mut Conn,
    id: CustomerId,
    numbers: &[PhoneNumber],
    shared: &[PhoneNumber],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM customer_numbers WHERE customer_id = $1")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    for (number, place) in numbers.iter().zip(0_i64..) {
        sqlx::query(
            "INSERT INTO customer_numbers (number, customer_id, place) VALUES ($1, $2, $3) \
             ON CONFLICT (number, customer_id) DO NOTHING",
        )
        .bind(number.reveal())
        .bind(id.to_string())
        .bind(place)
        .execute(&mut *conn)
        .await?;
        let others = ids_by_number(conn, number).await?.into_iter();
        if !shared.contains(number) && others.filter(|other| *other != id).count() > 0 {
            return Err(StoreError::Taken("the telephone number"));
        }
    }
    Ok(())
}

/// Makes text match itself only in a LIKE pattern.
fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = matches!(c, '%' | '_' | '\\');
            escaped.then_some('\\').into_iter().chain([c])
        })
        .collect()
}
