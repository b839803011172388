use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};

/// Runs one task for each item, at most `limit` at one time, and keeps their order.
/// Dropping the future ends the tasks.
pub(crate) async fn concurrently<T, R, F, Fut>(items: Vec<T>, limit: usize, task: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(T) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = R> + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(limit.max(1)));
    let mut tasks = JoinSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let (permits, task) = (Arc::clone(&permits), task.clone());
        tasks.spawn(async move {
            let _permit = permits.acquire().await;
            (index, task(item).await)
        });
    }
    let mut results = Vec::with_capacity(tasks.len());
    while let Some(joined) = tasks.join_next().await {
        results.extend(joined);
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
