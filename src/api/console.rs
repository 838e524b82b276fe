//! The console's pages: what `build.rs` built from `console/`, served from inside the binary.
//!
//! **Owns**: their paths, how long browsers may keep them. They hold no data and need no right: everything they show
//! comes from the API. **Must not know**: what a page does; the guard sets the content policy, as for every answer.

use super::ApiState;
use super::error::ApiError;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

/// Every page is this one document; its script shows the page of the path.
const DOCUMENT: &str = "index.html";

/// Paths of pages.
const PAGES: [&str; 10] = [
    "/signin",
    "/desk",
    "/floor",
    "/calls",
    "/calls/{id}",
    "/flows",
    "/flows/{name}",
    "/flows/{name}/traffic",
    "/flows/{name}/versions",
    "/call",
];

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/console"]
struct Built;

/// The pages and the files they load.
pub(super) fn routes() -> Router<ApiState> {
    let pages = PAGES
        .iter()
        .fold(Router::new(), |router, path| router.route(path, get(page)));
    pages.route("/assets/{*file}", get(asset))
}

/// A page, asked for anew each time: it names the newest files.
async fn page(headers: HeaderMap) -> Result<Response, ApiError> {
    let mut response = file(DOCUMENT, &headers)?;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// A script, style, picture or sound. Its name holds a hash of what is in it, so it may be kept for a year.
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let mut response = file(&format!("assets/{name}"), &headers)?;
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    Ok(response)
}

/// A built file, compressed where the build left a compressed form and the browser takes it.
fn file(path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    let varies = (
        header::VARY,
        HeaderValue::from_name(header::ACCEPT_ENCODING),
    );
    let packed = takes_gzip(headers)
        .then(|| Built::get(&format!("{path}.gz")))
        .flatten();
    if let Some(packed) = packed {
        let encoding = (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Ok(([kind, varies, encoding], packed.data).into_response());
    }
    let found = Built::get(path).ok_or_else(|| ApiError::not_found("path"))?;
    Ok(([kind, varies], found.data).into_response())
}

/// RFC 9110 12.5.3, as far as browsers use it: a weight of zero refuses.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts
            .filter_map(|part| part.strip_prefix("q="))
            .any(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
        is_gzip && !refused
    })
}

fn kind(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "wav" => "audio/wav",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_that_browsers_name() {
        let table = [
            ("gzip, deflate, br, zstd", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ];
        for (text, wanted) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(takes_gzip(&headers), wanted, "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn the_document_is_built_in_and_holds_no_inline_script_or_style() {
        let document = Built::get(DOCUMENT).unwrap();
        let text = String::from_utf8(document.data.into_owned()).unwrap();
        assert!(text.contains("<title>Cordboard</title>"));
        assert!(!text.contains("<style") && !text.contains(" style="));
        for script in text.split("<script").skip(1) {
            assert!(script.contains("src=\"/assets/"), "{script}");
        }
    }
}
