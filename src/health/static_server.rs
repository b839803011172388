use std::{io, net::Ipv4Addr, path::Path};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tower_http::services::ServeDir;
use url::Url;

use super::serve::Server;

/// Serves an export as static hosts do: `/about` from `about.html` or `about/index.html`, and
/// `404.html` for the rest. Stops when dropped.
#[derive(Debug)]
pub(crate) struct StaticServer {
    origin: Url,
    task: JoinHandle<()>,
}

impl StaticServer {
    /// Serves a folder below `base_path` on a free port of this machine.
    pub(crate) async fn start(folder: &Path, base_path: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin =
            Url::parse(&format!("http://{}/", listener.local_addr()?)).map_err(io::Error::other)?;
        let (files, base_path) = (ServeDir::new(folder), base_path.to_owned());
        let router = Router::new().fallback(move |request: Request| {
            let (files, base_path) = (files.clone(), base_path.clone());
            async move { respond(files, &base_path, request.uri()).await }
        });
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the static server stopped");
            }
        });
        Ok(Self { origin, task })
    }

    /// Where it listens.
    pub(crate) fn origin(&self) -> &Url {
        &self.origin
    }
}

impl Server for StaticServer {
    async fn ended(&mut self) -> String {
        std::future::pending().await
    }

    fn last_lines(&self) -> Vec<String> {
        Vec::new()
    }

    fn peak_memory(&self) -> Option<u64> {
        None
    }
}

impl Drop for StaticServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(files: ServeDir, base_path: &str, uri: &Uri) -> Response {
    let inside = uri.path().strip_prefix(base_path);
    let path = match inside {
        Some("") => "/",
        Some(path) if path.starts_with('/') => path,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let mut candidates = vec![path.to_owned()];
    match path.strip_suffix('/') {
        Some("") => {}
        Some(folder) => candidates.push(format!("{folder}.html")),
        // The file goes before a folder of the same name, which may have no index of its own.
        None => candidates.splice(..0, [format!("{path}.html")]).for_each(drop),
    }
    if !path.ends_with('/') {
        candidates.push(format!("{path}/index.html"));
    }
    for candidate in candidates {
        let response = read(&files, &candidate).await;
        if response.status().is_success() {
            return response;
        }
    }
    let mut response = read(&files, "/404.html").await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// One file; `ServeDir` decodes the path and keeps it inside the folder.
async fn read(files: &ServeDir, path: &str) -> Response {
    let mut files = files.clone();
    let Ok(request) = Request::get(path).body(Body::empty()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match files.try_call(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!(%error, path, "a file of the export cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use tokio::time::Instant;

    use super::*;
    use crate::health::probe::Prober;

    #[tokio::test]
    async fn paths_lead_to_the_files_of_an_export() {
        let folder = tempfile::tempdir().unwrap();
        let file = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.file_name().unwrap().to_str().unwrap()).unwrap();
        };
        for path in [
            "index.html",
            "404.html",
            "about.html",
            "about/team.html",
            "blog/index.html",
            "b c.html",
        ] {
            file(path);
        }
        let server = StaticServer::start(folder.path(), "/base").await.unwrap();
        let prober = Prober::local(Duration::from_secs(5)).unwrap();
        let table: [(&str, u16); 10] = [
            ("/base", 200),
            ("/base/", 200),
            ("/base/about", 200),
            ("/base/about/", 200),
            ("/base/about/team", 200),
            ("/base/blog", 200),
            ("/base/b%20c", 200),
            ("/base/nothing", 404),
            ("/based", 404),
            ("/base/%2e%2e/%2e%2e/etc/passwd", 404),
        ];
        for (path, status) in table {
            let url = server.origin().join(path).unwrap();
            let answer = prober.ask(&url, Instant::now() + Duration::from_secs(5)).await.unwrap();
            assert_eq!(answer.status, status, "{path}");
        }
    }
}
