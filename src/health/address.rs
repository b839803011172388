use url::Url;

/// Empty, or with a slash in front and none behind.
pub(crate) fn normalise_base_path(base_path: &str) -> String {
    match base_path.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

/// The path that the server knows a route by.
pub(crate) fn with_base_path(base_path: &str, route: &str, trailing_slash: bool) -> String {
    let mut path = match route {
        "/" if !base_path.is_empty() => base_path.to_owned(),
        _ => format!("{base_path}{route}"),
    };
    let file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if trailing_slash && !path.ends_with('/') && !file {
        path.push('/');
    }
    path
}

/// The address of a route as a person writes it, with or without `basePath`.
pub(crate) fn named_address(base_path: &str, route: &str) -> String {
    let (path, query) = match route.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (route, None),
    };
    let path = format!("/{}", path.trim_start_matches('/'));
    let has_base =
        path.strip_prefix(base_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let path =
        if has_base { encode(&path) } else { encode(&with_base_path(base_path, &path, false)) };
    query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
}

/// Percent-encodes what a request line cannot hold. Manifests hold decoded paths, people write both.
pub(crate) fn encode(path: &str) -> String {
    let mut literal = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    for (index, character) in path.char_indices() {
        literal.push(character);
        let escape = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
        if character == '%' && !(escape(bytes.get(index + 1)) && escape(bytes.get(index + 2))) {
            literal.push_str("25");
        }
    }
    let Ok(mut url) = Url::parse("http://localhost/") else { return literal };
    url.set_path(&literal);
    url.path().to_owned()
}
