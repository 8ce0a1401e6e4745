//! The store for a back-up, at the operators' address, to whoever has this issuer's keys.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, Write};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header;
use service::extract::Bearer;
use service::{Problem, random};
use tokio::io::AsyncReadExt;

use crate::audit::{Deed, Note as _, Noting};
use crate::core::{App, Core};

/// Bytes that are sent at once.
const PIECE: usize = 64 * 1024;

pub(super) fn router() -> Router<App> {
    Router::new().route("/backup", post(backup))
}

/// One state of the store. It is written to a file without a name first, so that no slow reader holds up commits.
async fn backup(State(app): State<App>, Bearer(token): Bearer) -> Result<Response, Problem> {
    if !app.seals.is_operator_token(&token, app.now().seconds.0) {
        return Err(Problem::unauthorized("That token was not made with this issuer's keys, or is over"));
    }
    let noting = Noting::by_issuer(app.now());
    noting.note_alone(&app.store, Deed::new("backed-up")).await.map_err(Problem::internal)?;
    let written = tokio::task::spawn_blocking(move || dumped(&app)).await.map_err(Problem::internal)?;
    let file = tokio::fs::File::from_std(written.map_err(Problem::internal)?);
    let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(pieces)).into_response())
}

fn dumped(app: &Core) -> Result<File, store::DumpError> {
    let path = app.folder.join(format!("backup-{}.part", random::hex(8)));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(&path)?;
    // Gone from the folder at once, and from the disk when it was sent, whatever happens.
    std::fs::remove_file(&path)?;
    let mut out = BufWriter::new(file);
    app.store.dump(&mut out)?;
    out.flush()?;
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}
