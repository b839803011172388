use std::{path::Path, thread};

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;

use super::{model::NextConfig, module::evaluate};
use crate::project::{
    lockfile::relative,
    next::Next,
    text::{TextError, read_text},
};

/// Bytes above which a file is not looked at; real ones have some kB, with long lists of redirects 100.
const MAXIMUM_SIZE: u64 = 128 * 1024;
/// Bytes of stack for the parser, which descends into nested code without a bound of its own. Generous: source of
/// nothing but opening brackets passes in a debug build; only what is used is ever taken from memory.
const STACK_PER_BYTE: usize = 8 * 1024;
const STACK_AT_LEAST: usize = 1024 * 1024;

/// The names that Next opens, in its order, and the first major version that does; `CONFIG_FILES` of Next 12 to 16.
///
/// `next.config.mts` needs a Node that strips types, too. Any other ending is refused with an error.
const NAMES: &[(&str, u64)] = &[
    ("next.config.js", 0),
    ("next.config.mjs", 0),
    ("next.config.ts", 15),
    ("next.config.mts", 16),
];
/// The names that Next refuses when it finds no other.
const REFUSED: &[&str] = &[
    "next.config.cjs",
    "next.config.cts",
    "next.config.json",
    "next.config.jsx",
    "next.config.tsx",
];

/// Reads the configuration of an app. Next takes the nearest folder, from the app root up, that has such a file; the
/// search ends at the repository's root.
pub(in crate::project) fn read(
    app_root: &Path,
    repository_root: Option<&Path>,
    next: &Next,
) -> NextConfig {
    let major = next.major().unwrap_or(u64::MAX);
    let last = repository_root.unwrap_or(app_root);
    let folders = || {
        let mut above = true;
        app_root.ancestors().take_while(move |folder| {
            let taken = above;
            above = above && *folder != last;
            taken
        })
    };
    let readable = NAMES.iter().filter(|(_, since)| *since <= major).map(|(name, _)| *name);
    let names: Vec<_> = readable.collect();
    for path in folders().flat_map(|folder| names.iter().map(move |name| folder.join(name))) {
        if path.is_file() {
            let file = relative(app_root, &path);
            return match read_text(&path, MAXIMUM_SIZE) {
                Ok(text) => parse(text.content, file),
                Err(TextError::Missing) => continue,
                Err(_) => NextConfig::unknown(file),
            };
        }
    }
    let refused = REFUSED.iter().copied().chain(NAMES.iter().map(|(name, _)| *name));
    let refused: Vec<_> = refused.collect();
    folders()
        .flat_map(|folder| refused.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
        .map_or_else(NextConfig::defaults, |path| NextConfig::unknown(relative(app_root, &path)))
}

/// Parses and follows a file; nothing is known of one that does not parse.
pub(super) fn parse(source: String, file: String) -> NextConfig {
    let unknown = NextConfig::unknown(file.clone());
    let stack = source.len().saturating_mul(STACK_PER_BYTE).max(STACK_AT_LEAST);
    let worker = thread::Builder::new().stack_size(stack).spawn(move || {
        let allocator = Allocator::default();
        let Ok(kind) = SourceType::from_path(&file) else { return NextConfig::unknown(file) };
        let parsed = Parser::new(&allocator, &source, kind).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            return NextConfig::unknown(file);
        }
        evaluate(&source, &parsed.program, file)
    });
    worker.ok().and_then(|worker| worker.join().ok()).unwrap_or(unknown)
}
