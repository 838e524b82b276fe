//! Words of our own, inside the binary: what calls say when no flow does.
//!
//! **Owns**: these recordings and the names by which a company replaces them: a file of that name below its prompts
//! folder is heard instead. **Must not know**: when they are said.

use sip_gateway::media::clip::Clip;
use std::sync::{Arc, LazyLock};

/// "One moment, please": the agent's phone is gone for a moment. A company's own: `reconnecting.wav`, by language.
pub const RECONNECTING: &str = "reconnecting";

/// A recording and its language.
type Spoken = (&'static str, Option<Arc<Clip>>);

/// 8 kHz, mono; the first is for all other languages.
static RECONNECTING_IN: LazyLock<Vec<Spoken>> = LazyLock::new(|| {
    let clip = |bytes: &[u8]| Clip::from_wav(bytes).ok().map(Arc::new);
    vec![
        ("en", clip(include_bytes!("words/en/reconnecting.wav"))),
        ("es", clip(include_bytes!("words/es/reconnecting.wav"))),
    ]
});

/// What we have under this name, in this language or else in English.
pub(super) fn words(language: &str, file: &str) -> Option<Arc<Clip>> {
    let all = match file {
        RECONNECTING => &*RECONNECTING_IN,
        _ => return None,
    };
    let base = language.split('-').next().unwrap_or(language);
    let ours = all.iter().find(|(known, _)| *known == base);
    ours.or_else(|| all.first())?.1.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn our_words_are_there_in_each_language() {
        for language in ["en", "en-GB", "es", "fr"] {
            let clip = words(language, RECONNECTING).unwrap();
            assert!(clip.duration() > Duration::from_millis(700), "{language}");
            assert!(clip.duration() < Duration::from_secs(3), "{language}");
        }
        let (english, spanish) = (words("en", RECONNECTING), words("es", RECONNECTING));
        assert!(!Arc::ptr_eq(&english.unwrap(), &spanish.unwrap()));
        assert!(words("en", "greeting").is_none());
    }
}
