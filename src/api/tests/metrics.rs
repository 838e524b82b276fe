//! `/metrics` beside the API with a token, and on its own listener without one.

use super::http::send;
use super::world::World;

async fn look(world: &World, who: &str) -> super::http::Answer {
    let bearer = world.bearer(who);
    send(
        world.server,
        "GET /metrics",
        &[("Authorization", &bearer)],
        "",
    )
    .await
}

#[tokio::test]
async fn who_may_look() {
    let world = World::start().await;
    for (who, status) in [
        ("", 401),
        ("forged", 401),
        ("ana", 403),
        ("readonly", 200),
        ("supervisor", 200),
        ("admin", 200),
    ] {
        assert_eq!(look(&world, who).await.status, status, "{who}");
    }
    let apart = send(world.metrics, "GET /metrics", &[], "").await;
    assert_eq!(apart.status, 200);
    assert_eq!(
        apart.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    // Nothing else is there, and a name that is none of ours reaches nothing.
    for path in ["GET /", "GET /api/v1/agents", "GET /healthz"] {
        assert_eq!(send(world.metrics, path, &[], "").await.status, 404);
    }
    let rebound = send(
        world.metrics,
        "GET /metrics",
        &[("Host", "evil.example")],
        "",
    )
    .await;
    assert_eq!(rebound.status, 421);
}

#[tokio::test]
async fn every_line_has_help_and_type_and_names_nobody() {
    let world = World::start().await;
    let seq = world.journal.durable();
    let text = look(&world, "readonly").await.text();
    for line in [
        "cordboard_ready 1".to_owned(),
        "cordboard_certificate_not_after_seconds{shown=\"http\"} 1795305600".to_owned(),
        "cordboard_calls_live 3".to_owned(),
        "cordboard_calls_total{outcome=\"answered\"} 0".to_owned(),
        "cordboard_calls_refused_total{reason=\"overload\"} 0".to_owned(),
        "cordboard_routing_up 1".to_owned(),
        "cordboard_queue_waiting{queue=\"support\"} 1".to_owned(),
        "cordboard_queue_waiting{queue=\"sales\"} 0".to_owned(),
        "cordboard_agents{state=\"available\"} 1".to_owned(),
        "cordboard_agents{state=\"offline\"} 1".to_owned(),
        "cordboard_agents{state=\"on_call\"} 0".to_owned(),
        "cordboard_sip_held{kind=\"dialogs\"} 0".to_owned(),
        "cordboard_media_worst_lateness_seconds 0".to_owned(),
        "cordboard_sip_connections 0".to_owned(),
        "cordboard_media_port_pairs{state=\"taken\"} 0".to_owned(),
        format!("cordboard_journal_durable_seq {seq}"),
        format!("cordboard_projector_seq {seq}"),
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
    for above_nought in [
        "cordboard_tokio_tasks",
        "cordboard_process_open_fds",
        "cordboard_process_threads",
        "cordboard_process_resident_bytes",
    ] {
        let line = text.lines().find(|line| line.starts_with(above_nought));
        let value = line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
        assert!(value > Some(0), "{above_nought} in\n{text}");
    }
    let mut family = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap().to_owned();
            assert!(family.starts_with("cordboard_"), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let kind = if family.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            assert_eq!(rest, format!("{family} {kind}"));
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(name, family, "{line}");
            let value = line.rsplit(' ').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    for private in ["ana", "Ruiz", "2001", "34600111222", "34910000000"] {
        assert!(!text.contains(private), "{private}");
    }
}
