//! The shop whose orders the demo's flow asks about.
//!
//! **Owns**: what it answers: made up from the number alone. **Must not know**: calls and flows; it is asked by HTTP, as a
//! real one would be.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use sip_gateway::leg::Network;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// This machine.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where the flow asks.
pub(super) const ADDRESS: SocketAddr = SocketAddr::new(HERE, 8095);
/// What flows may reach for it.
pub(super) const NETWORK: Network = Network {
    address: HERE,
    prefix: 32,
};

/// Opens the shop; false where somebody else has the port, such as another demo, whose shop does as well.
pub(super) async fn open() -> bool {
    let Ok(listener) = tokio::net::TcpListener::bind(ADDRESS).await else {
        return false;
    };
    let shop = Router::new().route("/orders/{number}", get(order));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, shop).await {
            tracing::warn!(%error, "the demo's shop has closed");
        }
    });
    true
}

async fn order(Path(number): Path<String>) -> Result<Json<Value>, StatusCode> {
    state(&number).map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// By its last digit: 1 to 4 are on their way for so many days, 5 and 6 are ready, what ends in 9 nobody knows.
fn state(number: &str) -> Option<Value> {
    if number.len() != 6 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match number.as_bytes().last()? {
        b'9' => None,
        days @ b'1'..=b'4' => Some(json!({ "status": "on_its_way", "days": days - b'0' })),
        b'5' | b'6' => Some(json!({ "status": "ready" })),
        _ => Some(json!({ "status": "being_built" })),
    }
}

#[cfg(test)]
mod tests {
    use super::state;
    use serde_json::json;

    #[test]
    fn the_last_digit_decides() {
        let status = |number: &str| state(number).map(|order| order["status"].clone());
        assert_eq!(
            state("123453"),
            Some(json!({ "status": "on_its_way", "days": 3 }))
        );
        assert_eq!(status("123455"), Some(json!("ready")));
        assert_eq!(status("123450"), Some(json!("being_built")));
        for unknown in ["123459", "12345", "1234567", "12345a", ""] {
            assert_eq!(status(unknown), None, "{unknown}");
        }
    }
}
