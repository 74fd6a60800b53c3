use super::*;

/// A pool over a file of its own in `folder`.
fn pool(folder: &std::path::Path, max: usize) -> Arc<Pool> {
    let url = format!("sqlite:{}", folder.join("pool.db").display());
    Pool::new(Connector::new(&url.parse().unwrap()).unwrap(), max)
}

#[tokio::test]
async fn a_released_connection_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 2);
    let first = pool.acquire().await.unwrap();
    assert!(!first.reused);
    assert_eq!(pool.state(), PoolState { idle: 0, used: 1, max: 2 });
    first.release();
    assert_eq!(pool.state(), PoolState { idle: 1, used: 0, max: 2 });
    assert!(pool.acquire().await.unwrap().reused);
}

#[tokio::test]
async fn a_dropped_connection_is_closed_and_its_place_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 1);
    drop(pool.acquire().await.unwrap());
    assert_eq!(pool.state(), PoolState { idle: 0, used: 0, max: 1 });
    assert!(!pool.acquire().await.unwrap().reused);
}

#[tokio::test]
async fn a_lost_connection_takes_the_others_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 3);
    let (idle, lost) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    let in_use = pool.acquire().await.unwrap();
    idle.release();
    lost.lose();
    assert_eq!(pool.state(), PoolState { idle: 0, used: 1, max: 3 });
    in_use.release();
    assert_eq!(pool.state(), PoolState { idle: 0, used: 0, max: 3 });
    pool.acquire().await.unwrap().release();
    assert_eq!(pool.state(), PoolState { idle: 1, used: 0, max: 3 });
}

#[tokio::test]
async fn who_comes_when_all_are_in_use_waits_for_the_first_that_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 1);
    let held = pool.acquire().await.unwrap();
    let mut waiting = Box::pin(pool.acquire());
    let release = async {
        tokio::task::yield_now().await;
        held.release();
    };
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("there was one more connection than permitted"),
        () = release => {}
    }
    assert!(waiting.await.unwrap().reused);
}

#[tokio::test]
async fn waiting_ends_with_an_error_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 1);
    let _held = pool.acquire().await.unwrap();
    assert!(matches!(pool.acquire().await, Err(sqlx::Error::PoolTimedOut)));
}

#[tokio::test]
async fn a_closed_pool_gives_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(folder.path(), 1);
    let released = pool.acquire().await.unwrap();
    released.release();
    pool.close().await;
    assert_eq!(pool.state().idle, 0);
    assert!(matches!(pool.acquire().await, Err(sqlx::Error::PoolClosed)));
}
