//! A file as the body of an answer: read in pieces while the client takes them, so that a long recording costs no
//! memory.
//!
//! **Owns**: [`FileBody`]. **Must not know**: what the file is.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead as _, ReadBuf};

/// Bytes of one piece.
const PIECE: usize = 64 * 1024;

/// So many bytes of a file from where it stands.
#[derive(Debug)]
pub(super) struct FileBody {
    file: File,
    left: u64,
    piece: Vec<u8>,
}

impl FileBody {
    /// The next `length` bytes.
    pub(super) fn new(file: File, length: u64) -> Self {
        Self {
            file,
            left: length,
            piece: vec![0; PIECE],
        }
    }
}

impl IntoResponse for FileBody {
    fn into_response(self) -> Response {
        Response::new(Body::new(self))
    }
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let size = usize::try_from(this.left).unwrap_or(PIECE).min(PIECE);
        let mut buffer = ReadBuf::new(&mut this.piece[..size]);
        ready!(Pin::new(&mut this.file).poll_read(cx, &mut buffer))?;
        let filled = buffer.filled();
        if filled.is_empty() {
            // Shorter than promised: ending the answer early tells the client that something is missing.
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        this.left -= filled.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(filled)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
