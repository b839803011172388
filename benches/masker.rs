//! Throughput of the masker on build logs, in the pieces that a pipe delivers.

use std::fmt::Write as _;

use deployfix::mask::MaskSet;
use divan::Bencher;
use divan::counter::BytesCount;

const PIECE: usize = 64 * 1024;
const SIZE: usize = 8 * 1024 * 1024;

fn main() {
    divan::main();
}

/// Values as real ones are: random, of 24 to 47 characters, some with punctuation.
fn secrets(count: usize) -> Vec<String> {
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0)
    };
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=$&!";
    (0..count)
        .map(|_| {
            let length = 24 + random() % 24;
            (0..length).map(|_| char::from(alphabet[random() % alphabet.len()])).collect()
        })
        .collect()
}

fn log(values: &[String]) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < SIZE {
        number += 1;
        let line = match number % 7 {
            0 => format!(
                "npm warn deprecated inflight@1.0.{number}: This module is not supported, and leaks memory."
            ),
            1 => format!("added {number} packages, and audited {} packages in 41s", number + 1),
            2 => "   \u{25b2} Next.js 16.0.1 (Turbopack)".to_owned(),
            3 => "   Creating an optimized production build ...".to_owned(),
            4 => format!(
                "\u{251c} \u{25cb} /products/category-{number}/[slug]    {}.{} kB   121 kB",
                number % 90,
                number % 10
            ),
            5 => format!(
                "2026-08-21T10:22:{:02}.{:03}Z [INFO]: npm http fetch GET 200 https://registry.example.com/@babel%2fcore 13ms",
                number % 60,
                number % 1000
            ),
            _ => format!(
                "./src/app/page-{number}.tsx:{}:7 Type error: Property 'title' does not exist on type 'Post'.",
                number % 300
            ),
        };
        text.push_str(&line);
        if !values.is_empty() {
            let written = write!(text, " token={} done", values[number % values.len()]);
            debug_assert!(written.is_ok());
        }
        text.push('\n');
    }
    text
}

fn run(bencher: Bencher, values: &[String], text: &str) {
    let set = MaskSet::new(values.iter().map(String::as_str));
    let mut out = Vec::with_capacity(text.len() + PIECE);
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        out.clear();
        let mut masker = set.stream();
        for piece in text.as_bytes().chunks(PIECE) {
            masker.push(piece, &mut out);
        }
        masker.finish(&mut out);
        out.len()
    });
}

#[divan::bench]
fn fifty_secrets_clean_log(bencher: Bencher) {
    run(bencher, &secrets(50), &log(&[]));
}

/// Long values are searched with the compact automaton.
#[divan::bench]
fn private_keys_clean_log(bencher: Bencher) {
    let lines = secrets(60);
    let keys: Vec<String> = lines.chunks(30).map(|lines| lines.join("\n")).collect();
    run(bencher, &keys, &log(&[]));
}

#[divan::bench]
fn fifty_secrets_dense_hits(bencher: Bencher) {
    let values = secrets(50);
    run(bencher, &values, &log(&values));
}

#[divan::bench]
fn no_secrets(bencher: Bencher) {
    run(bencher, &[], &log(&[]));
}

#[divan::bench(sample_count = 20)]
fn compile_fifty_secrets(bencher: Bencher) {
    let values = secrets(50);
    bencher.bench_local(|| MaskSet::new(values.iter().map(String::as_str)));
}
