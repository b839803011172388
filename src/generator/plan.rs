use super::{
    backend::Backend,
    detect::{DetectedApp, Repository},
    manager::shell_word,
};
use crate::buildspec::{AppPlan, SpecPlan, Step};

/// Names in one command that fills .env.production; more of them become a further line.
const NAMES_A_LINE: usize = 6;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlanOptions {
    /// The phases of deployfix instead of the tools' own commands.
    pub(crate) with_deployfix: bool,
}

/// The specification of a repository's apps.
pub(crate) fn specification(repository: &Repository, options: PlanOptions) -> SpecPlan {
    let mut heading = vec![
        "How AWS Amplify Hosting builds this repository, written by `deployfix init`.".to_owned(),
        "Check every change with `deployfix validate`.".to_owned(),
    ];
    let in_folders: Vec<&DetectedApp> =
        repository.apps.iter().filter(|app| !app.path.is_empty()).collect();
    match in_folders.as_slice() {
        [] => {}
        [app] => heading.push(format!(
            "The Amplify app needs the environment variable AMPLIFY_MONOREPO_APP_ROOT={}.",
            app.path
        )),
        _ => heading.push(
            "Each is an Amplify app of its own, with its appRoot as environment variable AMPLIFY_MONOREPO_APP_ROOT."
                .to_owned(),
        ),
    }
    if options.with_deployfix {
        heading.push(
            "The image has no deployfix: a released binary must be on PATH before preBuild.".into(),
        );
    }
    SpecPlan { heading, apps: repository.apps.iter().map(|app| app_plan(app, options)).collect() }
}

fn app_plan(app: &DetectedApp, options: PlanOptions) -> AppPlan {
    let setup = setup(app, options);
    let install = install(app, options);
    let backend = app.backend.filter(|_| app.workspace.is_none()).map(|(backend, _)| backend);
    let mut before = setup.clone();
    let mut backend_steps = Vec::new();
    match backend {
        // Its deployment needs the packages; they stay for the frontend.
        Some(Backend::Second) => {
            backend_steps = setup;
            backend_steps.extend(install);
            backend_steps.push(Step::plain(format!(
                "{} ampx pipeline-deploy --branch $AWS_BRANCH --app-id $AWS_APP_ID",
                app.manager.execute()
            )));
        }
        Some(Backend::First) => {
            backend_steps.push(Step::plain("amplifyPush --simple"));
            before.extend(install);
        }
        None => before.extend(install),
    }
    let in_workspace = |path: &str| join(&app.path_in_workspace, path);
    let mut cache = vec![Step::plain(in_workspace(&format!("{}/cache/**/*", app.output.dist_dir)))];
    if options.with_deployfix {
        cache.push(Step::because(
            in_workspace(".deployfix/history.jsonl"),
            "Durations and memory of earlier builds, for the next one's plan.",
        ));
    } else {
        cache.extend(app.manager.cache());
    }
    AppPlan {
        app_root: (!app.path.is_empty()).then(|| app.path.clone()),
        build_path: app.workspace.as_ref().map(|folder| {
            let path = if folder.is_empty() { "/" } else { folder };
            Step::because(path, "Commands run here, where the workspace is installed; baseDirectory counts from here.")
        }),
        backend: backend_steps,
        before,
        build: build(app, options),
        after: if options.with_deployfix { proof(app) } else { Vec::new() },
        base_directory: in_workspace(&app.output.base_directory),
        cache,
    }
}

/// Node, the manager, and what they must be told.
fn setup(app: &DetectedApp, options: PlanOptions) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(version) = &app.node.pinned {
        steps.push(Step::because(
            format!("nvm install {version}"),
            format!("As asked for by {}; what builds the app also runs it.", app.node.because),
        ));
    }
    steps.extend(app.manager.fetch());
    steps.extend(app.manager.environment(options.with_deployfix));
    steps
}

fn install(app: &DetectedApp, options: PlanOptions) -> Vec<Step> {
    if options.with_deployfix {
        return vec![deployfix(app, "validate"), deployfix(app, "install")];
    }
    vec![app.manager.install()]
}

fn build(app: &DetectedApp, options: PlanOptions) -> Vec<Step> {
    if options.with_deployfix {
        return vec![deployfix(app, "build")];
    }
    let mut steps = Vec::new();
    let file = shell_word(&join(&app.path_in_workspace, ".env.production"));
    if app.output.serves() {
        let comment = "At run time server code sees no variable of the console, only what .env.production holds:";
        if app.variables.runtime.is_empty() {
            steps.push(Step::note(&[
                comment,
                &format!("env | grep -E '^(DATABASE_URL|API_KEY)=' >> {file} || true"),
            ]));
        }
        for (index, names) in app.variables.runtime.chunks(NAMES_A_LINE).enumerate() {
            let pattern = match names {
                [name] => format!("^{name}="),
                names => format!("^({})=", names.join("|")),
            };
            let mut step = Step::plain(format!("env | grep -E '{pattern}' >> {file} || true"));
            if index == 0 {
                step.comment.push(comment.to_owned());
            }
            steps.push(step);
        }
    }
    for (path, package) in &app.packages {
        let command = app.manager.build(path, Some(package), false);
        steps.push(Step::because(command, "A package that the app depends on."));
    }
    let manifest = app.manifest();
    steps.push(Step::plain(app.manager.build(&app.path_in_workspace, manifest, app.turbo)));
    steps
}

/// What must hold before anything goes live.
fn proof(app: &DetectedApp) -> Vec<Step> {
    let mut first = deployfix(app, "verify-artifacts");
    first
        .comment
        .push("A failure here fails the build, and Amplify keeps the version that is live.".into());
    vec![first, deployfix(app, "health-check --serve")]
}

fn deployfix(app: &DetectedApp, command: &str) -> Step {
    if app.path_in_workspace.is_empty() {
        return Step::plain(format!("deployfix {command}"));
    }
    Step::plain(format!("deployfix {command} --project {}", shell_word(&app.path_in_workspace)))
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}
