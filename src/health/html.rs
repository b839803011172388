use memchr::{memchr, memmem};

/// What a page needs an asset for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AssetUse {
    /// Shown; the page works without it.
    Image,
    /// Without it the page has no style or does not run.
    Code,
}

/// One `/_next/static/` address in a page, as written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The address.
    pub(crate) address: String,
    /// What it is needed for.
    pub(crate) asset_use: AssetUse,
}

const STATIC: &str = "/_next/static/";

/// The assets of Next that a page references, in its markup and in the chunk lists of its
/// flight data. Text that only mentions an asset is not taken for a reference. Linear in the
/// page's length; junk ends the scan early at worst.
pub(crate) fn references(html: &[u8]) -> Vec<Reference> {
    let mut references = Vec::new();
    let mut chunks = Vec::new();
    let mut position = 0;
    while let Some(found) = html.get(position..).and_then(|rest| memchr(b'<', rest)) {
        position += found + 1;
        let rest = &html[position..];
        if rest.starts_with(b"!--") {
            let Some(end) = memmem::find(rest, b"-->") else { break };
            position += end;
        } else if rest.first().is_some_and(u8::is_ascii_alphabetic) {
            let (tag, length) = Tag::parse(rest);
            position += length;
            tag.references(&mut references);
            if is_raw_text(&tag.name) {
                let Some(end) = find_end_tag(&html[position..], &tag.name) else { break };
                if tag.name == "script" {
                    flight_chunks(&html[position..position + end], &mut chunks);
                }
                position += end;
            }
        }
    }
    // Chunk lists omit the prefix that the page's own scripts show.
    let prefix = references
        .iter()
        .find(|reference| reference.asset_use == AssetUse::Code)
        .and_then(|reference| reference.address.split_once(STATIC))
        .map(|(prefix, _)| prefix.to_owned())
        .unwrap_or_default();
    references.extend(chunks.into_iter().map(|chunk| {
        let address =
            if chunk.starts_with("static/") { format!("{prefix}/_next/{chunk}") } else { chunk };
        Reference { address, asset_use: AssetUse::Code }
    }));
    references
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// Parses from the tag's name on; says how many bytes the tag takes.
    fn parse(bytes: &[u8]) -> (Self, usize) {
        let mut cursor = Cursor { bytes, position: 0 };
        let name =
            lowercase(cursor.take_while(|byte| !is_space(byte) && byte != b'>' && byte != b'/'));
        let mut attributes = Vec::new();
        loop {
            cursor.take_while(|byte| is_space(byte) || byte == b'/');
            match cursor.peek() {
                None => break,
                Some(b'>') => {
                    cursor.position += 1;
                    break;
                }
                Some(_) => {}
            }
            let key = lowercase(
                cursor.take_while(|byte| !is_space(byte) && !matches!(byte, b'=' | b'>' | b'/')),
            );
            cursor.take_while(is_space);
            if cursor.peek() != Some(b'=') {
                attributes.push((key, String::new()));
                continue;
            }
            cursor.position += 1;
            cursor.take_while(is_space);
            let value = match cursor.peek() {
                Some(quote @ (b'"' | b'\'')) => {
                    cursor.position += 1;
                    let value = cursor.take_while(|byte| byte != quote);
                    cursor.position += 1;
                    value
                }
                _ => cursor.take_while(|byte| !is_space(byte) && byte != b'>'),
            };
            attributes.push((key, decode_entities(value)));
        }
        (Self { name, attributes }, cursor.position.min(bytes.len()))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn references(&self, references: &mut Vec<Reference>) {
        let mut add = |address: &str, asset_use| {
            let address = address.trim().split('#').next().unwrap_or_default();
            let path = address.split('?').next().unwrap_or_default();
            if path.contains(STATIC) && !path.ends_with('/') {
                references.push(Reference { address: address.to_owned(), asset_use });
            }
        };
        match self.name.as_str() {
            "script" => {
                if let Some(address) = self.attribute("src") {
                    add(address, AssetUse::Code);
                }
            }
            "link" => {
                let relations = self.attribute("rel").unwrap_or_default().to_ascii_lowercase();
                let needed = relations
                    .split_ascii_whitespace()
                    .any(|relation| matches!(relation, "stylesheet" | "preload" | "modulepreload"));
                let asset_use = match self.attribute("as") {
                    Some("image") => AssetUse::Image,
                    _ => AssetUse::Code,
                };
                if let Some(address) = self.attribute("href").filter(|_| needed) {
                    add(address, asset_use);
                }
            }
            "img" | "source" => {
                if let Some(address) = self.attribute("src") {
                    add(address, AssetUse::Image);
                }
                for candidate in self.attribute("srcset").unwrap_or_default().split(", ") {
                    let address = candidate.split_ascii_whitespace().next().unwrap_or_default();
                    add(address.trim_end_matches(','), AssetUse::Image);
                }
            }
            _ => {}
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.iter().position(|byte| !accept(*byte)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

fn lowercase(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

fn decode_entities(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('&') { text.replace("&amp;", "&").replace("&#x27;", "'") } else { text.into() }
}

/// Elements whose content is text up to their end tag, whatever it looks like.
fn is_raw_text(name: &str) -> bool {
    matches!(name, "script" | "style" | "textarea" | "title")
}

fn find_end_tag(bytes: &[u8], name: &str) -> Option<usize> {
    memmem::find_iter(bytes, b"</").find(|start| {
        bytes
            .get(start + 2..start + 2 + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// The chunks that client components are loaded from: rows `3:I[2619,[\"118\",\"static/chunks/…\"],…]`
/// until Next 15, and rows `2:\"/_next/static/chunks/…\"` that such lists refer to since 16.
fn flight_chunks(script: &[u8], chunks: &mut Vec<String>) {
    if memmem::find(script, b"__next_f").is_none() {
        return;
    }
    let mut add = |bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if text.starts_with("static/chunks/") || text.contains("/_next/static/chunks/") {
            chunks.push(text.to_owned());
        }
    };
    for row in memmem::find_iter(script, b":I[") {
        let mut rest = &script[row + 3..];
        let identifier = rest.iter().take(200).position(|byte| *byte == b',');
        let Some(list) = identifier.and_then(|end| rest[end..].strip_prefix(b",[")) else {
            continue;
        };
        rest = list;
        while let Some((text, after)) = escaped_string(rest) {
            add(text);
            let Some(next) = after.strip_prefix(b",") else { break };
            rest = next;
        }
    }
    for row in memmem::find_iter(script, b":\\\"/_next/static/chunks/") {
        let number = script[..row].iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let before = &script[..row - number];
        if number > 0
            && (before.ends_with(b"\\n") || before.ends_with(b"\""))
            && !before.ends_with(b"\\\\n")
            && let Some((text, _)) = escaped_string(&script[row + 1..])
        {
            add(text);
        }
    }
}

/// A string of the flight data inside a string of the script: `\"text\"`. Addresses need no escapes.
fn escaped_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(b"\\\"")?;
    let end = memchr(b'\\', rest)?;
    Some((&rest[..end], rest[end..].strip_prefix(b"\\\"")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses(html: &str) -> Vec<String> {
        references(html.as_bytes()).into_iter().map(|reference| reference.address).collect()
    }

    #[test]
    fn references_are_markup_and_flight_rows() {
        let page = r#"<!-- <script src="/_next/static/chunks/commented.js"></script> -->
            <link REL='stylesheet' href=/base/_next/static/css/a.css?dpl=1&amp;x=2>
            <link rel="prefetch" href="/base/_next/static/chunks/later.js"/>
            <script src="/base/_next/static/chunks/main.js" async=""></script>
            <img srcSet="/base/_next/image?url=%2F_next%2Fstatic%2Fa.png 1x, /base/_next/static/media/b.png 2x"/>
            <code>&lt;script src="/_next/static/chunks/quoted.js"&gt;</code>
            <textarea><script src="/_next/static/chunks/typed.js"></textarea>
            <script>self.__next_f.push([1,"4:I[2619,[\"118\",\"static/chunks/118-54.js\"],\"\"]\n2:\"/_next/static/chunks/16.js\"\n"])</script>
            <script>self.__next_f.push([1,"5:[\"$\",\"p\",null,{\"children\":\"see /_next/static/chunks/said.js\"}]"])</script>"#;
        assert_eq!(
            addresses(page),
            [
                "/base/_next/static/css/a.css?dpl=1&x=2",
                "/base/_next/static/chunks/main.js",
                "/base/_next/static/media/b.png",
                "/base/_next/static/chunks/118-54.js",
                "/_next/static/chunks/16.js",
            ]
        );
    }

    #[test]
    fn a_megabyte_of_junk_takes_no_time() {
        let start = std::time::Instant::now();
        for junk in ["<", "<!--", "<a b='", "<script>", "</", "<script></script", ":I[1,[\\\""] {
            references(junk.repeat(200_000).as_bytes());
            references(format!("<script>__next_f{}</script>", junk.repeat(100_000)).as_bytes());
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(20));
    }

    proptest! {
        #[test]
        fn no_input_panics(html in "(<|>|/|!|-|=|'|\"|\\\\|s|script|link|img|:I\\[|__next_f|1|,|\\[| |é){0,60}") {
            references(html.as_bytes());
        }
    }
}
