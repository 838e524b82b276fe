//! Recordings over HTTP: brought to one loudness, heard again, replaced, removed; what is none changes nothing.

use super::world::World;
use serde_json::json;

/// A second of a tone of this peak, 16 bit, mono, 8 kHz.
fn tone(peak: f64) -> Vec<u8> {
    let mut out = Vec::from(*b"RIFF");
    out.extend(16_036_u32.to_le_bytes());
    out.extend(*b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    out.extend(8_000_u32.to_le_bytes());
    out.extend(16_000_u32.to_le_bytes());
    out.extend(*b"\x02\0\x10\0data");
    out.extend(16_000_u32.to_le_bytes());
    let wave = |n: u32| (f64::from(n) / 8_000.0 * 440.0 * std::f64::consts::TAU).sin();
    out.extend((0..8_000).flat_map(|n| ((wave(n) * peak) as i16).to_le_bytes()));
    out
}

#[tokio::test]
async fn a_recording_is_brought_to_the_loudness_of_the_others_and_heard_again() {
    let world = World::start().await;
    let put = "PUT /prompts/en/menus/gift-vouchers";
    let first = world.ask_bytes("publisher", put, &tone(500.0)).await;
    assert_eq!(
        first.status,
        200,
        "{}",
        String::from_utf8_lossy(&first.body)
    );
    let told = first.json();
    assert_eq!(told["replaced"], json!(false));
    assert!(told["before"]["lufs"].as_f64().unwrap() < -35.0, "{told}");
    assert!(
        (told["after"]["lufs"].as_f64().unwrap() + 19.0).abs() < 1.0,
        "{told}"
    );
    assert!(
        told["lasts_ms"].as_u64().unwrap().abs_diff(1_000) < 50,
        "{told}"
    );
    let heard = world
        .ask("author", "GET /prompts/en/menus/gift-vouchers", "")
        .await;
    assert_eq!(
        (heard.status, heard.header("content-type")),
        (200, Some("audio/wav"))
    );
    assert!(heard.body.starts_with(b"RIFF") && heard.body.len() > 30_000);
    let again = world.ask_bytes("supervisor", put, &tone(5_000.0)).await;
    assert_eq!(again.json()["replaced"], json!(true));
    let gone = "DELETE /prompts/en/menus/gift-vouchers";
    assert_eq!(world.ask("publisher", gone, "").await.status, 204);
    assert_eq!(world.ask("publisher", gone, "").await.status, 404);
    // For callers of every language.
    let any = world
        .ask_bytes("publisher", "PUT /prompts/any/jingle", &tone(5_000.0))
        .await;
    assert_eq!(any.status, 200);
    assert_eq!(
        world
            .ask("readonly", "GET /prompts/any/jingle", "")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_no_recording_or_lies_elsewhere_is_refused_and_nothing_is_written() {
    let world = World::start().await;
    let good = tone(5_000.0);
    assert_eq!(
        world
            .ask_bytes("publisher", "PUT /prompts/en/kept", &good)
            .await
            .status,
        200
    );
    let kept = world.ask("readonly", "GET /prompts/en/kept", "").await.body;
    for body in [
        b"no audio".as_slice(),
        b"RIFF\xff\xff\xff\xffWAVE",
        &good[..40],
        &tone(0.0),
        b"OggS\0\0OpusHead",
    ] {
        let answer = world
            .ask_bytes("publisher", "PUT /prompts/en/kept", body)
            .await;
        assert_eq!(answer.status, 422, "{body:?}");
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty());
    }
    for name in [
        "en/..%2f..%2fx",
        "en/%2e%2e/x",
        "en/.hidden",
        "en/a%00b",
        "english/x",
        "en/a%2F%2Fb",
        "en/CON:x",
    ] {
        let answer = world
            .ask_bytes("publisher", &format!("PUT /prompts/{name}"), &good)
            .await;
        assert!(
            [404, 422].contains(&answer.status),
            "{name}: {}",
            answer.status
        );
        let answer = world
            .ask("publisher", &format!("GET /prompts/{name}"), "")
            .await;
        assert!(
            [404, 422].contains(&answer.status),
            "{name}: {}",
            answer.status
        );
    }
    let large = vec![0; crate::api::prompts::LARGEST_BODY + 1];
    assert_eq!(
        world
            .ask_bytes("publisher", "PUT /prompts/en/kept", &large)
            .await
            .status,
        422
    );
    let still = world.ask("readonly", "GET /prompts/en/kept", "").await.body;
    assert!(still == kept, "the old recording is there, byte for byte");
}

#[tokio::test]
async fn the_list_says_what_is_recorded_how_loud_and_where_it_is_used() {
    let world = World::start().await;
    for name in ["en/welcome", "en/offer-1"] {
        let put = format!("PUT /prompts/{name}");
        let answer = world.ask_bytes("publisher", &put, &tone(5_000.0)).await;
        assert_eq!(answer.status, 200);
    }
    let text = "flow: 1\nname: small\nlanguages: { default: en, offer: [ en, es ] }\ndefaults: { exits: { error: welcome } }\nvars: { n: { \
        type: int, default: 3 } }\nprompts:\n  welcome: { en: \"Welcome.\", es: \"Bienvenido.\" }\n  offer: { en: \"We have {{ number(vars.n) }} \
        bicycles.\", es: \"Hay {{ number(vars.n) }} bicicletas.\" }\n  unused: { en: \"Nobody hears this.\", es: \"Nadie.\" \
        }\nblocks:\n  start:\n    - answer:\n    - play: welcome\n    - play: offer\n    - go: welcome\n  welcome:\n    - play: [ welcome ]\n    - hangup:\n";
    let body = json!({ "text": text }).to_string();
    let request = "POST /flows/small/prompts";
    let answer = world.ask("readonly", request, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let list = answer.json();
    let items = list["items"].as_array().unwrap();
    let of = |name: &str| items.iter().find(|item| item["name"] == name).unwrap();
    let states = |name: &str| -> Vec<String> {
        let languages = of(name)["languages"].as_array().unwrap().iter();
        languages
            .map(|one| format!("{} {}", one["language"], one["state"]).replace('"', ""))
            .collect()
    };
    // Nobody speaks here, so what is not recorded is missing.
    assert_eq!(states("welcome"), ["en recorded", "es missing"]);
    assert_eq!(states("offer"), ["en missing", "es missing"]);
    let english = &of("welcome")["languages"][0];
    assert!(
        (english["lufs"].as_f64().unwrap() + 19.0).abs() < 1.0,
        "{list:#}"
    );
    assert!(english["lasts_ms"].as_u64().unwrap().abs_diff(1_000) < 50);
    assert_eq!(of("offer")["languages"][0]["words"], true);
    assert!(
        of("offer")["languages"][0]["lasts_ms"].as_u64().unwrap() > 900,
        "{list:#}"
    );
    assert_eq!(
        of("welcome")["used"],
        json!(["/blocks/start/1", "/blocks/welcome/0"])
    );
    assert_eq!(of("unused")["used"], json!([]));
    let words = list["words"].as_array().unwrap();
    assert!(
        words.iter().all(|one| one["of"].as_u64().unwrap() > 20),
        "{list:#}"
    );
    let broken = json!({ "text": "blocks: [" }).to_string();
    assert_eq!(world.ask("readonly", request, &broken).await.status, 422);
}
