use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use super::{
    BuildLayout, HealthOutcome, ProbeOptions, RoutePlan, Server, check_remote, check_served,
    plan_remote_routes, plan_routes,
};
use crate::{
    project::output::OutputMode,
    report::{FindingId, Severity},
};

struct Running;

impl Server for Running {
    async fn ended(&mut self) -> String {
        std::future::pending().await
    }

    fn last_lines(&self) -> Vec<String> {
        vec!["Error: DATABASE_URL is not set".into()]
    }

    fn peak_memory(&self) -> Option<u64> {
        Some(64 << 20)
    }
}

struct Dying;

impl Server for Dying {
    async fn ended(&mut self) -> String {
        tokio::time::sleep(Duration::from_millis(200)).await;
        "exit code 1".into()
    }

    fn last_lines(&self) -> Vec<String> {
        vec!["Error: Cannot find module 'sharp'".into()]
    }

    fn peak_memory(&self) -> Option<u64> {
        None
    }
}

fn options() -> ProbeOptions {
    ProbeOptions {
        request_timeout: Duration::from_secs(2),
        ready_deadline: Duration::from_secs(5),
        deadline: Duration::from_secs(8),
        concurrency: 4,
    }
}

async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn layout(root: &Path, mode: OutputMode) -> BuildLayout {
    BuildLayout {
        app_root: root.to_owned(),
        dist_dir: ".next".into(),
        mode,
        export_dir: None,
        base_path: None,
    }
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn paths(plan: &RoutePlan) -> Vec<&str> {
    plan.routes.iter().map(|route| route.path.as_str()).collect()
}

fn summary(outcome: &HealthOutcome) -> Vec<String> {
    let line = |finding: &crate::report::Finding| {
        format!("{:?} {}: {}", finding.severity, finding.id, finding.message)
    };
    outcome.findings.iter().map(line).collect()
}

#[test]
fn routes_come_from_the_manifests_of_a_build() {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    let manifest = |name: &str, value: serde_json::Value| {
        write(root, &format!(".next/{name}"), &value.to_string());
    };
    manifest(
        "prerender-manifest.json",
        json!({
            "routes": {
                "/": { "dataRoute": "/index.rsc" },
                "/_not-found": { "initialStatus": 404, "dataRoute": "/_not-found.rsc" },
                "/blog/b c": { "srcRoute": "/blog/[slug]", "dataRoute": "/blog/b c.rsc" },
                "/gone": { "dataRoute": "/gone.rsc" },
                "/en/ssg": { "dataRoute": "/_next/data/x/ssg.json" },
                "/fr/ssg": { "dataRoute": "/_next/data/x/ssg.json" },
                "/en/missing": { "dataRoute": "/_next/data/x/missing.json" },
                "/sitemap.xml": { "dataRoute": null, "srcRoute": "/sitemap.xml",
                    "initialHeaders": { "content-type": "application/xml" } },
            },
            "notFoundRoutes": ["/en/missing"],
        }),
    );
    manifest(
        "routes-manifest.json",
        json!({ "basePath": "/base", "i18n": { "locales": ["en", "fr"], "defaultLocale": "en" } }),
    );
    manifest(
        "server/app-paths-manifest.json",
        json!({
            "/page": "", "/(group)/pricing/page": "", "/blog/[slug]/page": "", "/gone/page": "",
            "/api/hello/route": "", "/sitemap.xml/route": "", "/dash/@modal/login/page": "",
            "/feed/(.)photo/page": "", "/%5Fhidden/page": "", "/_global-error/page": "",
        }),
    );
    manifest(
        "server/pages-manifest.json",
        json!({
            "/_app": "pages/_app.js", "/api/legacy": "pages/api/legacy.js", "/ssr": "pages/ssr.js",
            "/missing": "pages/missing.js", "/en/404": "pages/en/404.html", "/fr/404": "pages/fr/404.html",
            "/en/legacy": "pages/en/legacy.html", "/posts/[id]": "pages/posts/[id].js",
        }),
    );
    manifest("required-server-files.json", json!({ "config": { "trailingSlash": true } }));
    write(root, ".next/server/app/gone.meta", r#"{"status":404}"#);
    let plan = plan_routes(&layout(root, OutputMode::Server), &["/api/health?deep=1".into()]);
    assert_eq!(
        paths(&plan),
        [
            "/base/api/health?deep=1",
            "/base/",
            "/base/_hidden/",
            "/base/blog/b%20c/",
            "/base/fr/ssg/",
            "/base/gone/",
            "/base/legacy/",
            "/base/pricing/",
            "/base/sitemap.xml",
            "/base/ssg/",
            "/base/ssr/",
        ]
    );
    assert_eq!(plan.routes[5].expectation.recorded_status(), Some(404));
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
}

#[test]
fn a_broken_manifest_is_noted_and_the_rest_is_used() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), ".next/prerender-manifest.json", "<<<<<<< ours");
    write(project.path(), ".next/server/app-paths-manifest.json", r#"{"/page":"x"}"#);
    let plan = plan_routes(&layout(project.path(), OutputMode::Server), &[]);
    assert_eq!(paths(&plan), ["/"]);
    assert!(plan.notes[0].starts_with("`.next/prerender-manifest.json` cannot be read"));
}

#[test]
fn routes_of_an_export_are_its_files() {
    let project = tempfile::tempdir().unwrap();
    for path in
        ["index.html", "404.html", "404/index.html", "about.html", "blog/a/index.html", "b c.html"]
    {
        write(project.path(), &format!("out/{path}"), "x");
    }
    let plan = plan_routes(&layout(project.path(), OutputMode::Export), &[]);
    assert_eq!(paths(&plan), ["/", "/about", "/b%20c", "/blog/a/"]);
}

#[tokio::test]
async fn alike_faults_are_one_finding_and_doubts_are_warnings() {
    let project = tempfile::tempdir().unwrap();
    write(
        project.path(),
        ".next/server/app-paths-manifest.json",
        r#"{"/page":"","/a/page":"","/b/page":"","/away/page":"","/login/page":"","/none/page":"","/moved/page":""}"#,
    );
    let page = r#"<script src="/_next/static/chunks/main.js"></script><script src="/_next/static/chunks/gone.js"></script>
        <img src="/_next/static/media/gone.png"><script src="https://cdn.example.com/_next/static/chunks/x.js"></script>"#;
    let failed = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let script = || async { ([(header::CONTENT_TYPE, "text/javascript")], "1").into_response() };
    let router = Router::new()
        .route("/", get(move || async move { Html(page) }))
        .route("/a", get(failed))
        .route("/b", get(failed))
        .route("/away", get(|| async { Redirect::temporary("https://auth.example.com/login") }))
        .route("/login", get(|| async { StatusCode::UNAUTHORIZED }))
        .route("/moved", get(|| async { Redirect::temporary("/") }))
        .route("/_next/static/chunks/main.js", get(script));
    let plan = plan_routes(&layout(project.path(), OutputMode::Server), &[]);
    let origin = serve(router).await;
    let outcome = check_served(&mut Running, &origin, "next start", &plan, &options()).await;
    assert_eq!(
        summary(&outcome),
        [
            "Error deployment/health-check-failed: 2 routes fail with status 500: `/a`, `/b`",
            "Error deployment/health-check-failed: 1 asset fails with status 404: `/_next/static/chunks/gone.js`",
            "Warning deployment/health-check-failed: 1 route fails with status 401: `/login`",
            "Warning deployment/health-check-failed: 1 route fails with status 404: `/none`",
            "Warning deployment/health-check-failed: 1 asset fails with status 404: `/_next/static/media/gone.png`",
        ]
    );
    assert_eq!(outcome.findings[0].evidence.last().unwrap().text, "Error: DATABASE_URL is not set");
    assert_eq!(outcome.notes.len(), 2, "{:?}", outcome.notes);
    assert_eq!(outcome.health.assets, 3);
    assert_eq!(outcome.health.peak_memory, Some(64 << 20));
    assert!(outcome.health.ready.is_some());
}

#[tokio::test]
async fn a_server_that_dies_is_named_at_once() {
    let port = super::free_port().unwrap();
    let origin = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let plan = plan_remote_routes(&[], None);
    let start = std::time::Instant::now();
    let outcome = check_served(&mut Dying, &origin, "next start", &plan, &options()).await;
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(outcome.findings[0].id, FindingId::ServerStartFailed);
    assert_eq!(outcome.findings[0].evidence[0].text, "Error: Cannot find module 'sharp'");
}

#[tokio::test]
async fn a_live_site_is_asked_until_it_recovers() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let router = Router::new().fallback(move |request: Request| {
        let counter = Arc::clone(&counter);
        async move {
            let health = request.uri().path() == "/api/health";
            match health.then(|| counter.fetch_add(1, Ordering::Relaxed)) {
                Some(0) => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "")
                    .into_response(),
                Some(1) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                Some(_) => "ok".into_response(),
                None => Html("home").into_response(),
            }
        }
    });
    let plan = plan_remote_routes(&["/api/health".into()], None);
    let outcome = check_remote(&serve(router).await, &plan, &options()).await;
    assert!(outcome.is_healthy(), "{:?}", summary(&outcome));
    assert_eq!(outcome.health.routes[0].tries, 3);
    assert_eq!(outcome.health.routes[0].failures, ["status 429", "status 503"]);
}

#[tokio::test]
async fn a_live_site_that_is_wrong_is_told_from_one_that_is_silent() {
    let quick = ProbeOptions { deadline: Duration::from_secs(2), ..options() };
    let plan = plan_remote_routes(&["/api/health".into()], None);
    let missing = Router::new().fallback(|| async { StatusCode::OK });
    let outcome = check_remote(&serve(missing).await, &plan, &quick).await;
    assert_eq!(outcome.findings[0].id, FindingId::HealthCheckFailed);
    assert_eq!(outcome.findings[0].severity, Severity::Error);

    let port = super::free_port().unwrap();
    let silent = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let outcome = check_remote(&silent, &plan, &quick).await;
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.findings[0].id, FindingId::HealthCheckTimeout);
    assert!(outcome.findings[0].message.ends_with("gives no answer: connection refused"));

    let stale =
        RoutePlan { version_asset: Some("/_next/static/new/_buildManifest.js".into()), ..plan };
    let old = Router::new().route("/", get(|| async { Html("old") }));
    let outcome = check_remote(&serve(old).await, &stale, &quick).await;
    assert_eq!(outcome.findings[0].id, FindingId::StaleVersion);
}
