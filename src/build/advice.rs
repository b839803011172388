use super::{MemoryPlan, plan::Mended};
use crate::{
    amplify::INSTANCES,
    recovery::Remedy,
    report::{FindingId, render::format_bytes},
};

/// What makes each recovery of a build that succeeded unnecessary the next time.
pub(crate) fn recommendations(mended: &[Mended], memory: &MemoryPlan) -> Vec<String> {
    let mut advice = Vec::new();
    if memory.is_adjusted() && !memory.variables().is_empty() {
        advice.push(memory_settings(memory));
    }
    for mend in mended {
        advice.extend(of(mend));
    }
    advice.dedup();
    advice
}

fn memory_settings(memory: &MemoryPlan) -> String {
    let larger = memory.limit().and_then(|limit| {
        // A container has a little less than its instance.
        INSTANCES.iter().find(|(_, bytes)| *bytes > limit.bytes + limit.bytes / 8)
    });
    let instance = larger.map_or_else(
        || "a larger build machine".to_owned(),
        |(name, bytes)| format!("the build instance `{name}` with {}", format_bytes(*bytes)),
    );
    format!(
        "the build succeeded only with {}: set it in the Amplify console under Environment variables, or choose {instance} (Hosting > Build settings)",
        memory.permanent_settings()
    )
}

fn of(mend: &Mended) -> Option<String> {
    let text = match mend.remedy {
        Remedy::RetryWithBackoff if mend.id == FindingId::FontFetchFailed => {
            "a font could not be fetched at first: put the font files into the repository and use `next/font/local`".into()
        }
        Remedy::RetryWithBackoff => {
            "data that the build fetches could not be fetched at first: fetch it when the page is asked for (`export const dynamic = \"force-dynamic\"`), or retry the request where it is made".into()
        }
        Remedy::RetryOnce if mend.id == FindingId::BuildTimeout => {
            "the build hung and succeeded when it was run again: look at the end of the first attempt's log for what it waited for, and give that a time limit of its own".into()
        }
        Remedy::ClearCache => {
            "the build cache was damaged, and the next one is saved by this build: if it happens again, take `.next/cache/**/*` out of `cache.paths` in amplify.yml".into()
        }
        Remedy::RunGenerator => {
            let line = mend.detail.as_deref()?;
            format!("set `\"build\": \"{line} && next build\"` in `scripts` of package.json: nothing else writes the generated code before the build")
        }
        Remedy::FreeCaches => {
            "the disk was full: take large folders out of `cache.paths` in amplify.yml, or choose a larger build instance".into()
        }
        // What the memory was set to is told once, by the plan.
        Remedy::RaiseHeap
        | Remedy::LowerMemory
        | Remedy::RetryOnce
        | Remedy::PreferOnline
        | Remedy::FreshCache
        | Remedy::FallbackRegistry
        | Remedy::PlatformPackages
        | Remedy::Reinstall
        | Remedy::ResolveOnce
        | Remedy::UnfrozenInstall
        | Remedy::LegacyPeerDeps => return None,
    };
    Some(text)
}
