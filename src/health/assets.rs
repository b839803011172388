use std::collections::BTreeMap;

use url::Url;

use super::{
    failure::FailureReason,
    html::{AssetUse, references},
    judgement::Verdict,
    probe::Answer,
};

/// Assets fetched at most.
const MOST_ASSETS: usize = 2000;

/// Who needs an asset.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// What for, at most.
    pub(crate) asset_use: AssetUse,
    /// The pages, in the order probed.
    pub(crate) pages: Vec<String>,
}

/// The assets of the probed pages.
#[derive(Debug, Default)]
pub(crate) struct AssetPlan {
    /// To fetch.
    pub(crate) needs: BTreeMap<Url, Need>,
    /// Left out: another origin's, or below an `assetPrefix` that something else serves.
    pub(crate) elsewhere: BTreeMap<String, usize>,
    /// Left out beyond the limit.
    pub(crate) left_out: usize,
}

/// The assets that a page references, resolved against its address.
pub(crate) fn page_assets(answer: &Answer) -> Vec<(Url, AssetUse)> {
    if !answer.is_html() {
        return Vec::new();
    }
    references(&answer.body)
        .into_iter()
        .filter_map(|reference| {
            Some((answer.url.join(&reference.address).ok()?, reference.asset_use))
        })
        .filter(|(url, _)| matches!(url.scheme(), "http" | "https"))
        .collect()
}

impl AssetPlan {
    /// Adds the assets of one page. With `only` set, only those of that origin and path prefix.
    pub(crate) fn add(
        &mut self,
        page: &str,
        assets: Vec<(Url, AssetUse)>,
        only: Option<(&Url, &str)>,
    ) {
        for (url, asset_use) in assets {
            if let Some((origin, prefix)) = only
                && (url.origin() != origin.origin() || !url.path().starts_with(prefix))
            {
                *self.elsewhere.entry(place(&url, origin)).or_default() += 1;
                continue;
            }
            if self.needs.len() >= MOST_ASSETS && !self.needs.contains_key(&url) {
                self.left_out += 1;
                continue;
            }
            let need = self.needs.entry(url).or_insert(Need { asset_use, pages: Vec::new() });
            need.asset_use = need.asset_use.max(asset_use);
            if need.pages.last().is_none_or(|last| last != page) {
                need.pages.push(page.to_owned());
            }
        }
    }

    /// What is worth saying of what was left out.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        let elsewhere = self.elsewhere.keys().map(|place| {
            format!(
                "assets below `{place}` are not fetched: the server under test does not serve them"
            )
        });
        let left_out = (self.left_out > 0).then(|| {
            format!("the first {MOST_ASSETS} assets are fetched, further ones are left out")
        });
        elsewhere.chain(left_out)
    }
}

fn place(url: &Url, origin: &Url) -> String {
    let prefix = url.path().split_once("/_next/").map_or("", |(prefix, _)| prefix);
    if url.origin() == origin.origin() {
        format!("{prefix}/_next/")
    } else {
        format!("{}{prefix}", url.origin().ascii_serialization())
    }
}

/// Judges the answer of an asset.
pub(crate) fn judge_asset(url: &Url, asset_use: AssetUse, answer: &Answer) -> Verdict {
    let Some(reason) = asset_fault(url, answer) else { return Verdict::Healthy };
    match asset_use {
        AssetUse::Code => Verdict::Wrong(reason),
        AssetUse::Image => Verdict::Doubtful(reason),
    }
}

fn asset_fault(url: &Url, answer: &Answer) -> Option<FailureReason> {
    if answer.leaves_to.is_some() {
        return None;
    }
    if answer.status != 200 {
        return Some(FailureReason::Status(answer.status));
    }
    let wrong = |expected: &str| {
        let found = answer.content_type.clone();
        Some(FailureReason::ContentType { expected: expected.to_owned(), found })
    };
    let extension = url.path().rsplit_once('.').map(|(_, extension)| extension);
    let media_type = answer.media_type().unwrap_or_default();
    match extension {
        // A browser refuses a script or style sheet of another type (nosniff, strict modules).
        Some("js" | "mjs") if !media_type.ends_with("javascript") => {
            return wrong("text/javascript");
        }
        Some("css") if media_type != "text/css" => return wrong("text/css"),
        Some("woff" | "woff2" | "ttf" | "otf" | "eot") if media_type.starts_with("text/") => {
            return wrong("font/*");
        }
        Some("html") => {}
        _ if answer.is_html() => return wrong("not a page"),
        _ => {}
    }
    // Next writes empty style sheets for pages whose styles are all elsewhere.
    (answer.size == 0 && extension != Some("css")).then_some(FailureReason::EmptyBody)
}
