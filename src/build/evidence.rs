//! What a failure of the build is, where the log, the disk and the manifest together tell more than a signature.

use super::{cache::BuildCache, generator::Generator};
use crate::{
    project::Project,
    report::{Evidence, Finding, FindingId},
};

/// Words of webpack's deserialiser and of Turbopack's database, as they stand in stacks and panics.
const DESERIALISERS: &[&str] = &[
    "ObjectMiddleware",
    "BinaryMiddleware",
    "FileMiddleware",
    "SerializerMiddleware",
    "PackContent",
    "PackFileCacheStrategy",
    "turbo-persistence",
];
/// What an error that comes from the network says, whichever client made the request.
const NETWORK: &[&str] = &[
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_SOCKET",
    "UND_ERR_HEADERS_TIMEOUT",
    "socket hang up",
    "fetch failed",
    "Can't reach database server",
];
/// Lines below the message of a page in which its cause stands.
const CAUSE_LINES: usize = 30;
/// Folders that hold generated code alone.
const GENERATED: &[&str] = &["generated", "__generated__", ".generated", ".prisma"];

/// What is known of a failed build beyond its finding.
#[derive(Debug, Default)]
pub(super) struct Refined {
    /// The line that shows that the network made a page fail.
    pub(super) network_cause: Option<String>,
    /// What would write the code that is missing.
    pub(super) generator: Option<Generator>,
}

/// Names a failure of the cache and of a missing generator, and tells the cause of a page that failed.
pub(super) fn refine(
    finding: Finding,
    log: &str,
    cache: Option<&BuildCache>,
    project: &Project,
) -> (Finding, Refined) {
    let mut refined = Refined::default();
    let log_name =
        finding.evidence.first().map_or("output", |evidence| &evidence.source).to_owned();
    match finding.id {
        FindingId::BuildFailed => {
            let found = cache.filter(|cache| cache.is_there()).and_then(|cache| {
                let (number, line) = cache_failure(log, cache)?;
                Some(corrupt(cache, Evidence::at(&log_name, number, line)))
            });
            if let Some(corrupt) = found {
                return (with_end(corrupt, &finding), refined);
            }
        }
        FindingId::PrerenderFailed => refined.network_cause = network_cause(log),
        _ => {}
    }
    let generated = if finding.id == FindingId::ClientNotGenerated {
        Some((None, None))
    } else {
        missing_client(&finding, log).map(|(number, line)| (Some(number), Some(line)))
    };
    let Some(proof) = generated else { return (finding, refined) };
    let is_prisma = log.contains("prisma");
    refined.generator =
        if is_prisma { Generator::of_prisma(project) } else { Generator::by_name(project) };
    if let (Some(number), Some(line)) = proof {
        // Without a generator nobody knows that the missing file is generated; Prisma says so itself.
        if !is_prisma && refined.generator.is_none() {
            return (finding, refined);
        }
        let evidence = Evidence::at(&log_name, number, line);
        let named = not_generated(refined.generator.as_ref(), evidence);
        return (with_end(named, &finding), refined);
    }
    (finding, refined)
}

fn lines(log: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(log.lines())
}

/// What a line about a failure holds, in small letters; a path alone, as in an echoed command, proves nothing.
const FAILURE_WORDS: &[&str] = &["error", "corrupt", "panic", "enoent", "invalid", "unexpected"];

/// The line that shows that reading the cache ended the build. A warning (`<w>`) did not: webpack goes on without.
fn cache_failure<'a>(log: &'a str, cache: &BuildCache) -> Option<(u64, &'a str)> {
    lines(log).find(|(_, line)| {
        let begin = line.trim_start();
        if begin.starts_with('>') || line.contains("<w>") || line.contains("[webpack.cache") {
            return false;
        }
        let told = line.to_ascii_lowercase();
        let fails = FAILURE_WORDS.iter().any(|word| told.contains(word));
        let is_frame = begin.starts_with("at ");
        (fails && cache.named_in(line).is_some())
            || ((fails || is_frame) && DESERIALISERS.iter().any(|word| line.contains(word)))
    })
}

fn corrupt(cache: &BuildCache, proof: Evidence) -> Finding {
    Finding::new(
        FindingId::CacheCorrupt,
        format!("the build failed while it read its cache in `{}`", cache.name),
        "the cache was cut off, or written by another version; a build without it makes it anew",
    )
    .hint(format!("take `{}/**/*` out of `cache.paths` in amplify.yml for one build", cache.name))
    .evidence(proof)
}

/// The cause that Next quotes below the page.
fn network_cause(log: &str) -> Option<String> {
    let (number, _) =
        lines(log).find(|(_, line)| line.contains("Error occurred prerendering page"))?;
    let from = usize::try_from(number).ok()?;
    log.lines()
        .skip(from)
        .take(CAUSE_LINES)
        .find(|line| NETWORK.iter().any(|word| line.contains(word)))
        .map(|line| line.trim().to_owned())
}

/// The line that says that a generated client is not there.
fn missing_client<'a>(finding: &Finding, log: &'a str) -> Option<(u64, &'a str)> {
    let says_so = |line: &str| {
        line.contains("@prisma/client did not initialize yet")
            || (line.contains("\"@prisma/client\"' has no exported member 'PrismaClient'"))
            || (finding.id == FindingId::ModuleNotFound
                && missing_module(line).is_some_and(is_generated))
    };
    lines(log).find(|(_, line)| says_so(line))
}

/// The module of webpack's, Turbopack's and Node's sentence.
fn missing_module(line: &str) -> Option<&str> {
    let from = ["Can't resolve '", "Cannot find module '"]
        .iter()
        .find_map(|words| Some(line.find(words)? + words.len()))?;
    line[from..].split('\'').next()
}

fn is_generated(module: &str) -> bool {
    module.split('/').any(|part| GENERATED.contains(&part))
}

fn not_generated(generator: Option<&Generator>, proof: Evidence) -> Finding {
    let line = generator.map_or("prisma generate", Generator::line);
    Finding::new(
        FindingId::ClientNotGenerated,
        "the code that a generator writes is not there",
        "its generator runs as an install script that was skipped, or its output is not in the repository and nothing writes it in the build",
    )
    .hint(format!("put it in front of the build: `\"build\": \"{line} && next build\"`"))
    .evidence(proof)
}

/// The exit status is evidence of every failure.
fn with_end(mut named: Finding, finding: &Finding) -> Finding {
    named
        .evidence
        .extend(finding.evidence.iter().filter(|line| line.source == "exit status").cloned());
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_a_page_stands_below_it() {
        let refused = "Error occurred prerendering page \"/a\". Read more\nAggregateError [ECONNREFUSED]: \n    at x";
        assert_eq!(network_cause(refused).as_deref(), Some("AggregateError [ECONNREFUSED]:"));
        let thrown = "warn: ECONNREFUSED, using defaults\nError occurred prerendering page \"/a\".\nError: no title\n";
        assert_eq!(network_cause(thrown), None);
    }

    #[test]
    fn a_restored_cache_that_is_only_warned_about_is_not_the_cause() {
        let cache = BuildCache::new(std::path::Path::new("/app"), ".next").unwrap();
        let warned = "<w> [webpack.cache.PackFileCacheStrategy] Restoring failed for /app/.next/cache/webpack/0.pack: Error\nError: no title";
        assert_eq!(cache_failure(warned, &cache), None);
        let echoed = "> if [ -f .next/cache/webpack/0.pack ]; then echo error; fi\nError: no title";
        assert_eq!(cache_failure(echoed, &cache), None);
        let failed = "Error: unexpected end\n    at BinaryMiddleware._deserialize (x.js:1:2)";
        assert_eq!(cache_failure(failed, &cache).map(|(number, _)| number), Some(2));
    }

    #[test]
    fn only_what_lies_in_a_generated_folder_is_taken_for_generated() {
        let module = |line| missing_module(line).filter(|module| is_generated(module));
        assert!(module("Module not found: Can't resolve '../generated/client'").is_some());
        assert!(module("Error: Cannot find module '.prisma/client/default'").is_some());
        assert!(module("Module not found: Can't resolve './missing'").is_none());
        assert!(module("Module not found: Can't resolve './regenerated/x'").is_none());
    }
}
