//! The name that was probably meant.
//!
//! **Owns**: the distance and the wording.
//! **Must not know**: what the names stand for.

/// The nearest of `names`, if one is near enough to be a slip of the finger.
pub(crate) fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = word.chars().count();
    let allowed = (length / 3).max(1);
    let lower = word.to_lowercase();
    names
        .into_iter()
        // The distance is never less than this, and takes long to work out for a word of many thousand letters.
        .filter(|name| name.chars().count().abs_diff(length) <= allowed)
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// "did you mean …", or the names there are.
pub(crate) fn suggest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    if let Some(name) = nearest(word, names.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    if names.is_empty() {
        return "none is defined".to_owned();
    }
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let list: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    format!("there is {}{more}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{nearest, suggest};

    #[test]
    fn swapped_letters_are_near_and_other_words_are_not() {
        assert_eq!(
            nearest("ordres", ["order", "orders", "goodbye"]),
            Some("orders")
        );
        assert_eq!(nearest("plya", ["play", "go"]), Some("play"));
        assert_eq!(nearest("repairs", ["orders", "goodbye"]), None);
    }

    #[test]
    fn a_word_of_many_letters_is_near_to_nothing() {
        let word = "Europe/Londo".to_owned() + &"0".repeat(2_000_000);
        assert_eq!(nearest(&word, vec!["Europe/London"; 600]), None);
    }

    #[test]
    fn without_a_near_name_the_names_are_listed() {
        assert_eq!(suggest("x", ["aaa", "bbb"]), "there is `aaa`, `bbb`");
        assert_eq!(suggest("x", []), "none is defined");
    }
}
