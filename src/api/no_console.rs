//! What stands in for the console's pages when the program is built without them: nothing.
//!
//! **Owns**: that their paths are not there. **Must not know**: anything.

use super::ApiState;
use axum::Router;

/// No page.
pub(super) fn routes() -> Router<ApiState> {
    Router::new()
}
