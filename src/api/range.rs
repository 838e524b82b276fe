//! The `Range` header of RFC 9110 14: one range of bytes.
//!
//! **Owns**: [`wanted`]. **Must not know**: files. Several ranges, other units and what cannot be read are ignored,
//! as 14.2 allows: the client gets the whole.

/// What part of `length` bytes is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything (200).
    Whole,
    /// From the first to the last byte, both counted from 0 (206).
    Part {
        /// First byte.
        first: u64,
        /// Last byte.
        last: u64,
    },
    /// Nothing of it is there (416).
    Beyond,
}

/// Reads a `Range` header for a file of `length` bytes.
#[must_use]
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let spec = header
        .map(str::trim)
        .and_then(|text| text.split_once('='))
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"))
        .and_then(|(_, spec)| spec.trim().split_once('-'));
    let Some((first, last)) = spec else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        (Ok(Some(first)), Ok(None)) => part(first, u64::MAX, length),
        (Ok(Some(first)), Ok(Some(last))) if first <= last => part(first, last, length),
        (Ok(None), Ok(Some(0))) => Wanted::Beyond,
        (Ok(None), Ok(Some(suffix))) => part(length.saturating_sub(suffix), u64::MAX, length),
        _ => Wanted::Whole,
    }
}

/// None when empty; an error when it is no number (a second range too, because of its comma).
fn number(text: &str) -> Result<Option<u64>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(());
    }
    Ok(Some(text.parse().unwrap_or(u64::MAX)))
}

fn part(first: u64, last: u64, length: u64) -> Wanted {
    match length.checked_sub(1) {
        Some(end) if first <= end => Wanted::Part {
            first,
            last: last.min(end),
        },
        _ => Wanted::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_a_hundred_bytes() {
        let part = |first, last| Wanted::Part { first, last };
        let table = [
            (None, Wanted::Whole),
            (Some("bytes=0-9"), part(0, 9)),
            (Some("bytes=10-"), part(10, 99)),
            (Some("bytes=-10"), part(90, 99)),
            (Some("bytes=-1000"), part(0, 99)),
            (Some("bytes=90-1000"), part(90, 99)),
            (Some("BYTES = 0-0"), part(0, 0)),
            (Some("bytes=100-"), Wanted::Beyond),
            (Some("bytes=-0"), Wanted::Beyond),
            (Some("bytes=9-5"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("bytes=a-b"), Wanted::Whole),
            (Some("items=0-1"), Wanted::Whole),
            (Some("bytes=99999999999999999999999-"), Wanted::Beyond),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Beyond);
        assert_eq!(wanted(None, 0), Wanted::Whole);
    }
}
