/// Name and range of `name@range`; the range is empty where there is none.
pub(crate) fn split_descriptor(text: &str) -> (&str, &str) {
    let start = usize::from(text.starts_with('@'));
    match text[start..].find('@') {
        Some(at) => (&text[..start + at], &text[start + at + 1..]),
        None => (text, ""),
    }
}

/// The descriptors of a key of berry's lockfile, as yarn joined them; one of them may end in a blank.
pub(crate) fn split_descriptors(key: &str) -> impl Iterator<Item = &str> {
    key.split(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_belong_to_the_name() {
        for (text, expected) in [
            ("zod@^3.0.0", ("zod", "^3.0.0")),
            ("@a/b@npm:c@1", ("@a/b", "npm:c@1")),
            ("@a/b", ("@a/b", "")),
            ("zod", ("zod", "")),
            ("@", ("@", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split_descriptor(text), expected);
        }
        let all: Vec<_> = split_descriptors("a@npm:1, b@npm:2 , c").collect();
        assert_eq!(all, ["a@npm:1", "b@npm:2 ", "c"]);
    }
}
