//! A block of lines on a terminal that is drawn over itself.

use super::Out;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The block. It vanishes when this is dropped.
pub struct Live(ProgressBar);

impl Out {
    /// A block of lines on standard error, where that is a terminal and people look.
    pub fn live(&self) -> Option<Live> {
        self.bars().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            Live(bar.with_style(style))
        })
    }
}

impl Live {
    /// Draws the block anew.
    pub fn draw(&self, text: &str) {
        self.0.set_message(text.trim_end().to_owned());
        self.0.tick();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
