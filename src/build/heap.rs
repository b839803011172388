//! V8's heap limit in `NODE_OPTIONS`.

/// The flag of V8's old-generation heap, mebibytes; Node takes `-` and `_` alike.
const FLAG: &str = "--max-old-space-size";
/// The same flag for Node. Next 15 and later take the flag, in its two usual spellings, out of the options of the
/// workers that render pages; this one it leaves.
pub(super) const REACHING_FLAG: &str = "--max-old_space-size";

/// The last heap limit in the options, mebibytes, as Node takes it.
pub(super) fn of(options: &str) -> Option<u64> {
    limits(options).last().map(|(_, heap)| heap)
}

/// Whether the workers that render pages get it as well.
pub(super) fn reaches_workers(options: &str) -> bool {
    limits(options)
        .any(|(flag, _)| !["--max-old-space-size", "--max_old_space_size"].contains(&flag))
}

fn limits(options: &str) -> impl Iterator<Item = (&str, u64)> {
    let mut parts = options.split_whitespace().map(|part| part.trim_matches('"'));
    std::iter::from_fn(move || {
        loop {
            let part = parts.next()?;
            let (flag, value) =
                part.split_once('=').map_or((part, None), |(flag, value)| (flag, Some(value)));
            if flag.replace('_', "-") != FLAG {
                continue;
            }
            if let Some(heap) = value.or_else(|| parts.next()).and_then(|value| value.parse().ok())
            {
                return Some((flag, heap));
            }
        }
    })
}

/// The user's options, byte for byte, with the heap limit behind them: of two, Node takes the last.
pub(super) fn with(options: Option<&str>, heap: u64, reaching: bool) -> String {
    let flag = if reaching { REACHING_FLAG } else { FLAG };
    match options.map(str::trim).filter(|options| !options.is_empty()) {
        Some(options) => format!("{options} {flag}={heap}"),
        None => format!("{flag}={heap}"),
    }
}
