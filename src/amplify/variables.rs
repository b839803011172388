use std::collections::BTreeMap;

/// The Amplify build that deployfix runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platform {
    /// `AWS_APP_ID`
    pub(crate) app_id: String,
    /// `AWS_BRANCH`
    pub(crate) branch: String,
    /// `AWS_COMMIT_ID`; nothing for a rebuild, where Amplify sets the word `HEAD`.
    pub(crate) commit_id: Option<String>,
    /// `AWS_JOB_ID`, padded with zeros to ten digits.
    pub(crate) job_id: Option<String>,
    /// `AWS_PULL_REQUEST_ID`
    pub(crate) pull_request_id: Option<String>,
    /// `AMPLIFY_MONOREPO_APP_ROOT`
    pub(crate) monorepo_app_root: Option<String>,
}

/// Tells an Amplify build by its app and branch; `CI` and `CODEBUILD_*` are not documented there.
pub(crate) fn detect(environment: &BTreeMap<String, String>) -> Option<Platform> {
    let get = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    Some(Platform {
        app_id: get("AWS_APP_ID")?,
        branch: get("AWS_BRANCH")?,
        commit_id: get("AWS_COMMIT_ID").filter(|commit| commit != "HEAD"),
        job_id: get("AWS_JOB_ID"),
        pull_request_id: get("AWS_PULL_REQUEST_ID"),
        monorepo_app_root: get("AMPLIFY_MONOREPO_APP_ROOT"),
    })
}

/// A variable that only one CI sets, and the CI's name; the general `CI` comes last.
const CI_VARIABLES: &[(&str, &str)] = &[
    ("GITHUB_ACTIONS", "GitHub Actions"),
    ("GITLAB_CI", "GitLab CI"),
    ("CIRCLECI", "CircleCI"),
    ("BITBUCKET_BUILD_NUMBER", "Bitbucket Pipelines"),
    ("JENKINS_URL", "Jenkins"),
    ("BUILDKITE", "Buildkite"),
    ("TF_BUILD", "Azure Pipelines"),
    ("TRAVIS", "Travis CI"),
    ("TEAMCITY_VERSION", "TeamCity"),
    ("VERCEL", "Vercel"),
    ("NETLIFY", "Netlify"),
    ("CODEBUILD_BUILD_ID", "AWS CodeBuild"),
    ("CI", "CI"),
];

/// The CI that a run happens in; nothing on a developer's machine.
pub(crate) fn ci_name(environment: &BTreeMap<String, String>) -> Option<&'static str> {
    if detect(environment).is_some() {
        return Some("AWS Amplify");
    }
    CI_VARIABLES
        .iter()
        .find(|(variable, _)| {
            environment
                .get(*variable)
                .is_some_and(|value| !matches!(value.as_str(), "" | "false" | "0"))
        })
        .map(|(_, name)| *name)
}

/// Variables that Amplify sets in a build or reads for itself: user guide, "Environment variables"; the names of
/// Gen 1 backends from the archived edition of that page.
const PLATFORM_VARIABLES: &[&str] = &[
    "_BUILD_TIMEOUT",
    "_CUSTOM_IMAGE",
    "_LIVE_UPDATES",
    "AMPLIFY_AMAZON_CLIENT_ID",
    "AMPLIFY_AMAZON_CLIENT_SECRET",
    "AMPLIFY_BACKEND_APP_ID",
    "AMPLIFY_BACKEND_PULL_ONLY",
    "AMPLIFY_DESTRUCTIVE_UPDATES",
    "AMPLIFY_DIFF_BACKEND",
    "AMPLIFY_DIFF_DEPLOY",
    "AMPLIFY_DIFF_DEPLOY_ROOT",
    "AMPLIFY_FACEBOOK_CLIENT_ID",
    "AMPLIFY_FACEBOOK_CLIENT_SECRET",
    "AMPLIFY_GOOGLE_CLIENT_ID",
    "AMPLIFY_GOOGLE_CLIENT_SECRET",
    "AMPLIFY_IDENTITYPOOL_ID",
    "AMPLIFY_MONOREPO_APP_ROOT",
    "AMPLIFY_NATIVECLIENT_ID",
    "AMPLIFY_PERMISSIONS_BOUNDARY_ARN",
    "AMPLIFY_SKIP_BACKEND_BUILD",
    "AMPLIFY_USERPOOL_ID",
    "AMPLIFY_WEBCLIENT_ID",
    "USER_BRANCH",
    "USER_DISABLE_TESTS",
    "secrets",
];

/// Whether a name belongs to the platform; names that begin with `AWS` cannot be created by users.
pub(crate) fn is_set_by_platform(name: &str) -> bool {
    name.starts_with("AWS") || PLATFORM_VARIABLES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_told_by_app_and_branch() {
        let environment = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let amplify = environment(&[
            ("AWS_APP_ID", "d111"),
            ("AWS_BRANCH", "main"),
            ("AWS_COMMIT_ID", "HEAD"),
            ("CODEBUILD_BUILD_ID", "x:1"),
        ]);
        assert_eq!(detect(&amplify).unwrap().commit_id, None);
        for (pairs, expected) in [
            (&[("AWS_APP_ID", "d111"), ("AWS_BRANCH", "")][..], None),
            (&[("AWS_APP_ID", "d111"), ("AWS_BRANCH", "main"), ("CI", "1")], Some("AWS Amplify")),
            (&[("CI", "true"), ("GITHUB_ACTIONS", "true")], Some("GitHub Actions")),
            (&[("CODEBUILD_BUILD_ID", "x:1")], Some("AWS CodeBuild")),
            (&[("CI", "false")], None),
            (&[("CI", "1")], Some("CI")),
        ] {
            assert_eq!(ci_name(&environment(pairs)), expected, "{pairs:?}");
        }
    }
}
